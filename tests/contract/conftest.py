"""Models that several contracts run on."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.support.hf_models import write_family
from tests.support.random_weights import write_random_architecture
from tests.support.tiny_models import TinyModel, write_gguf


@pytest.fixture(scope="session")
def tiny_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random model of 100,000 parameters."""
    folder = tmp_path_factory.mktemp("tiny")
    return write_gguf(TinyModel(vocabulary=320), folder / "tiny.gguf")


@pytest.fixture(scope="session")
def truncated_gguf(tiny_gguf: Path) -> Path:
    """The same, less its last bytes."""
    truncated = tiny_gguf.with_name("truncated.gguf")
    truncated.write_bytes(tiny_gguf.read_bytes()[:-4096])
    return truncated


@pytest.fixture(scope="session")
def sliding_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random model with layers that look back at 16 tokens only."""
    file = tmp_path_factory.mktemp("sliding") / "gemma2.gguf"
    return write_random_architecture("gemma2", file, window=16)


@pytest.fixture(scope="session")
def recurrent_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random model whose layers keep one state."""
    return write_random_architecture("mamba", tmp_path_factory.mktemp("mamba") / "mamba.gguf")


@pytest.fixture(scope="session")
def hybrid_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random model that mixes attention with layers that keep one state."""
    return write_random_architecture("lfm2", tmp_path_factory.mktemp("lfm2") / "lfm2.gguf")


@pytest.fixture(scope="session")
def hf_folders(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Directories with random models, by the names of their families."""
    root = tmp_path_factory.mktemp("hf")

    @cache
    def folder(family: str) -> Path:
        return write_family(family, root / family)

    return folder
