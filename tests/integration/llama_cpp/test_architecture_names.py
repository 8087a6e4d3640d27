"""The engine knows every architecture that its probe lists, and can build it."""

import importlib.metadata
from pathlib import Path

import gguf
import pytest

from lmrt.adapters.llama_cpp import engine, logs
from lmrt.adapters.llama_cpp.architectures import TESTED_VERSION, TEXT_ARCHITECTURES

UNFIT = ("unknown model architecture", "unsupported model architecture")


def refusal(architecture: str, file: Path) -> str:
    """Return the engine's reason against a file that names the architecture and little else."""
    writer = gguf.GGUFWriter(file, architecture)
    writer.add_context_length(64)
    writer.add_embedding_length(64)
    writer.add_block_count(1)
    writer.add_feed_forward_length(64)
    writer.add_head_count(1)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    api = engine.api()
    logs.take_errors()
    assert not api.llama_model_load_from_file(str(file).encode(), api.llama_model_default_params())
    return " ".join(logs.take_errors())


def test_every_listed_name_is_known(tmp_path: Path) -> None:
    installed = importlib.metadata.version("llama-cpp-python")
    if installed != ".".join(map(str, TESTED_VERSION)):
        pytest.skip(f"the list is that of another version than {installed}")
    unfit = {
        name
        for name in TEXT_ARCHITECTURES
        if any(sign in refusal(name, tmp_path / "empty.gguf") for sign in UNFIT)
    }
    assert not unfit


@pytest.mark.parametrize("name", ["nonsense", "gptj"])
def test_a_name_that_is_not_listed_is_refused(tmp_path: Path, name: str) -> None:
    assert name not in TEXT_ARCHITECTURES
    assert any(sign in refusal(name, tmp_path / "empty.gguf") for sign in UNFIT)
