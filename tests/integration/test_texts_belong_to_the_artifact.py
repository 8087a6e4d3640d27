"""In a folder of several artifacts each has its own chat template and its own tokenizer."""

import time
from pathlib import Path

import pytest
from attrs import evolve

from lmrt.adapters.fake import FakeBackend, FakeMachineProbe, fake_probe
from lmrt.adapters.filesystem import LocalMaterializer, LocalModelSource
from lmrt.adapters.gguf import GgufReader
from lmrt.adapters.llama_cpp import gguf_tokenizers
from lmrt.adapters.safetensors import SafetensorsReader
from lmrt.adapters.templates import JinjaRenderer
from lmrt.adapters.tokenizers import HfTokenizerFactory
from lmrt.application.loader import RuntimeLoader
from lmrt.application.rendering import encode_messages
from lmrt.application.resolver import Resolver
from lmrt.domain.config import RuntimeConfig
from lmrt.domain.errors import ConfigurationError, GenerationFailed
from lmrt.domain.generation import DEFAULT_GENERATION
from lmrt.domain.messages import Message
from lmrt.domain.models import ArtifactFormat
from tests.support.tiny_models import TinyModel, tokenizer, write_gguf, write_hf

GGUF = TinyModel(vocabulary=320, template="{{ bos_token }}in the GGUF: {{ messages[0].content }}")
DIRECTORY = TinyModel(vocabulary=512, template="{{ bos_token }}beside: {{ messages[0].content }}")
QUESTION = Message.user("the license")


def loader() -> RuntimeLoader:
    """Return a loader of two backends, each of which reads one format."""
    readers = (GgufReader(), SafetensorsReader())
    formats = {"of-gguf": ArtifactFormat.GGUF, "of-directories": ArtifactFormat.SAFETENSORS}
    directories = HfTokenizerFactory()
    return RuntimeLoader(
        resolver=Resolver((LocalModelSource(readers, {}),), {}),
        backends=[
            FakeBackend(evolve(fake_probe(name), formats=frozenset({form})))
            for name, form in formats.items()
        ],
        machine=FakeMachineProbe(),
        materializer=LocalMaterializer(),
        tokenizers={
            ArtifactFormat.GGUF: gguf_tokenizers(),
            ArtifactFormat.SAFETENSORS: directories,
        },
        clock=time.perf_counter,
    )


def prompt_of(folder: Path, backend: str) -> tuple[int, ...]:
    """Return the prompt's token ids on the artifact that the backend reads."""
    with loader().load(RuntimeConfig(str(folder), backend=backend)) as runtime:
        return encode_messages(JinjaRenderer(), runtime, (QUESTION,), DEFAULT_GENERATION).tokens


def ids(model: TinyModel, text: str) -> tuple[int, ...]:
    """Return the ids of a text that is written with the model's control tokens."""
    return tuple(tokenizer(model.vocabulary).encode(text, add_special_tokens=False).ids)


@pytest.mark.parametrize(
    ("backend", "model", "text"),
    [
        ("of-gguf", GGUF, "<|bos|>in the GGUF: the license"),
        ("of-directories", DIRECTORY, "<|bos|>beside: the license"),
    ],
)
def test_each_artifact_has_its_own(
    tmp_path: Path, backend: str, model: TinyModel, text: str
) -> None:
    write_gguf(GGUF, tmp_path / "tiny.gguf")
    write_hf(DIRECTORY, tmp_path)
    assert prompt_of(tmp_path, backend) == ids(model, text)


@pytest.mark.parametrize(("bare", "backend"), [(GGUF, "of-gguf"), (DIRECTORY, "of-directories")])
def test_the_template_of_another_artifact_stands_in(
    tmp_path: Path, bare: TinyModel, backend: str
) -> None:
    with_template = "{{ messages[0].content }} in a folder"
    for model, write in ((GGUF, write_gguf), (DIRECTORY, write_hf)):
        template = None if model is bare else with_template
        write(
            evolve(model, template=template), tmp_path / "tiny.gguf" if model is GGUF else tmp_path
        )
    assert prompt_of(tmp_path, backend) == ids(bare, "<|bos|>the license in a folder")


@pytest.mark.parametrize("backend", ["of-gguf", "of-directories"])
def test_a_model_without_a_template_says_so(tmp_path: Path, backend: str) -> None:
    write_gguf(evolve(GGUF, template=None), tmp_path / "tiny.gguf")
    write_hf(evolve(DIRECTORY, template=None), tmp_path)
    with pytest.raises(ConfigurationError) as caught:
        prompt_of(tmp_path, backend)
    assert caught.value.code == "template-missing"
    assert "--raw" in (caught.value.hint or "")


@pytest.mark.parametrize("template", [" \n", "{% for message in [] %}x{% endfor %}"])
def test_a_template_that_writes_nothing_says_so(tmp_path: Path, template: str) -> None:
    write_gguf(evolve(GGUF, template=template), tmp_path / "tiny.gguf")
    with pytest.raises(GenerationFailed, match="it wrote nothing") as caught:
        prompt_of(tmp_path, "of-gguf")
    assert caught.value.code == "template-failed"


def test_without_a_template_raw_text_is_taken_as_it_is(tmp_path: Path) -> None:
    write_gguf(evolve(GGUF, template=None), tmp_path / "tiny.gguf")
    raw = evolve(DEFAULT_GENERATION, raw=True)
    with loader().load(RuntimeConfig(str(tmp_path), backend="of-gguf")) as runtime:
        prompt = encode_messages(JinjaRenderer(), runtime, (QUESTION,), raw)
    assert prompt.tokens == ids(GGUF, "<|bos|>the license")
