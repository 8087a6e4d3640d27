"""Parity checks to order: two fake backends, each of which reads one format of a real folder."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import evolve, field, frozen

from lmrt.adapters.fake import (
    FakeBackend,
    FakeMachineProbe,
    FakeTokenizer,
    FakeTokenizerFactory,
    Language,
    fake_probe,
    hashed_language,
)
from lmrt.adapters.filesystem import LocalMaterializer, LocalModelSource
from lmrt.adapters.gguf import GgufReader
from lmrt.adapters.safetensors import SafetensorsReader
from lmrt.adapters.templates import JinjaRenderer
from lmrt.application.loader import RuntimeLoader
from lmrt.application.parity import ParityCheck
from lmrt.application.resolver import Resolver
from lmrt.domain.config import RuntimeConfig
from lmrt.domain.models import ArtifactFormat
from lmrt.domain.parity.report import ParityReport
from lmrt.domain.parity.request import ParityRequest
from lmrt.domain.probes import BackendProbe
from lmrt.ports.backend import Backend
from lmrt.ports.text import Tokenizer
from tests.support.tiny_models import TinyModel, write_gguf, write_hf

TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}{% endfor %}"
    "<assistant>"
)
MODEL = TinyModel(template=TEMPLATE)
ONE, OTHER = "of-gguf", "of-directories"


def write_both(folder: Path, *, one: TinyModel = MODEL, other: TinyModel = MODEL) -> Path:
    """Write a GGUF and a directory of a model into one folder; return it."""
    write_gguf(one, folder / "tiny.gguf")
    return write_hf(other, folder)


@frozen(kw_only=True)
class TwoBackends:
    """A check of two fake backends.

    Attributes:
        one: What the backend of the GGUF speaks.
        other: What the backend of the directory speaks.
        one_tokenizer: The GGUF's.
        other_tokenizer: The directory's.
        more: Further backends.
    """

    one: Language = field(factory=hashed_language)
    other: Language = field(factory=hashed_language)
    one_tokenizer: Tokenizer = field(factory=FakeTokenizer)
    other_tokenizer: Tokenizer = field(factory=FakeTokenizer)
    more: tuple[Backend, ...] = ()

    def backends(self) -> tuple[FakeBackend, FakeBackend]:
        """Return the two."""
        return (
            FakeBackend(_reading(ONE, ArtifactFormat.GGUF), self.one),
            FakeBackend(_reading(OTHER, ArtifactFormat.SAFETENSORS), self.other),
        )

    def check(self, backends: tuple[Backend, ...] | None = None) -> ParityCheck:
        """Return a check of these backends, or of others."""
        factories = {
            ArtifactFormat.GGUF: FakeTokenizerFactory(self.one_tokenizer),
            ArtifactFormat.SAFETENSORS: FakeTokenizerFactory(self.other_tokenizer),
        }
        given = (*self.backends(), *self.more) if backends is None else backends
        return check_of(given, factories)


def check_of(
    backends: tuple[Backend, ...], tokenizers: Mapping[ArtifactFormat, FakeTokenizerFactory]
) -> ParityCheck:
    """Return a check of any backends over models on this machine."""
    loader = RuntimeLoader(
        resolver=Resolver((LocalModelSource((GgufReader(), SafetensorsReader()), {}),), {}),
        backends=backends,
        machine=FakeMachineProbe(),
        materializer=LocalMaterializer(),
        tokenizers=tokenizers,
        clock=time.perf_counter,
    )
    return ParityCheck(loader, renderer=JinjaRenderer(), clock=time.perf_counter)


def request(folder: Path, **changes: Any) -> ParityRequest:
    """Return a request for two short answers."""
    asked = ParityRequest(config=RuntimeConfig(str(folder)), prompts=("hi", "how"), max_tokens=12)
    return evolve(asked, **changes)


def report_on(folder: Path, two: TwoBackends, **changes: Any) -> ParityReport:
    """Return what comes of a check of two backends on a model that is written to the folder."""
    return two.check().run(request(write_both(folder), **changes))


def _reading(name: str, form: ArtifactFormat) -> BackendProbe:
    return evolve(fake_probe(name), formats=frozenset({form}))
