"""No answer begins with the space that a vocabulary puts first; raw text goes on with it."""

import time
from pathlib import Path

import pytest

from lmrt.adapters.fake import (
    FakeBackend,
    FakeMachineProbe,
    FakeTokenizer,
    FakeTokenizerFactory,
    scripted_language,
)
from lmrt.adapters.filesystem import LocalMaterializer, LocalModelSource
from lmrt.adapters.gguf import GgufReader
from lmrt.adapters.templates import JinjaRenderer
from lmrt.application.executor import RuntimeExecutor
from lmrt.application.loader import RuntimeLoader
from lmrt.application.resolver import Resolver
from lmrt.domain.config import RuntimeConfig
from lmrt.domain.generation import GenerationConfig
from lmrt.domain.messages import Message
from lmrt.domain.models import ArtifactFormat
from tests.support.tiny_models import TinyModel, write_gguf

TEMPLATE = "{% for message in messages %}{{ message.content }}{% endfor %}<assistant>"


class Spacing(FakeTokenizer):
    """A tokenizer of bytes that says it puts a space before a first word."""

    @property
    def puts_space_first(self) -> bool:
        return True


def answer(folder: Path, tokenizer: FakeTokenizer, *, raw: bool) -> str:
    """Return what a model says that begins every answer with a space."""
    write_gguf(TinyModel(template=TEMPLATE), folder / "tiny.gguf")
    loader = RuntimeLoader(
        resolver=Resolver((LocalModelSource((GgufReader(),), {}),), {}),
        backends=[FakeBackend(language=scripted_language(" two words"))],
        machine=FakeMachineProbe(),
        materializer=LocalMaterializer(),
        tokenizers={ArtifactFormat.GGUF: FakeTokenizerFactory(tokenizer)},
        clock=time.perf_counter,
    )
    executor = RuntimeExecutor(renderer=JinjaRenderer(), clock=time.perf_counter)
    # Raw text counts from the first token: ten letters are as many as the answer has
    prompt = Message.user("<bos>" + "x" * 10 if raw else "hi")
    generation = GenerationConfig(raw=raw or None, temperature=0, max_tokens=10)
    with loader.load(RuntimeConfig(str(folder / "tiny.gguf"))) as runtime:
        return executor.execute(runtime, (prompt,), generation).text


@pytest.mark.parametrize(
    ("tokenizer", "raw", "said"),
    [
        (Spacing(), False, "two words"),
        (Spacing(), True, " two words"),
        (FakeTokenizer(), False, " two words"),
    ],
)
def test_the_space_is_spared_where_the_vocabulary_put_it(
    tmp_path: Path, tokenizer: FakeTokenizer, raw: bool, said: str
) -> None:
    assert answer(tmp_path, tokenizer, raw=raw) == said
