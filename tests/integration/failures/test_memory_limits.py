"""Real engines under a limit of memory that no probe knows of: the next candidate answers."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.limited_memory import MODEL
from tests.support.tiny_models import write_gguf, write_hf

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="the limit of address space is one on Linux only"
)


def needing(*modules: str) -> pytest.MarkDecorator:
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"{', '.join(missing)} is not installed")


CASES = [
    pytest.param("llama.cpp", 207, marks=needing("llama_cpp")),
    pytest.param("torch", 250, marks=needing("torch", "transformers")),
]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("limited")
    write_gguf(MODEL, root / "gguf" / "model.gguf")
    return {"llama.cpp": root / "gguf", "torch": write_hf(MODEL, root / "hf")}


def answer(folder: Path, backend: str, mebibytes: int) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.limited_memory", folder, backend, str(mebibytes)],
        capture_output=True,
        text=True,
        # Threads would reserve address space beside what they use
        env={**os.environ, "MALLOC_ARENA_MAX": "1", "OMP_NUM_THREADS": "1"},
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(("backend", "mebibytes"), CASES)
def test_less_context_answers_where_all_of_it_does_not_fit(
    folders: dict[str, Path], backend: str, mebibytes: int
) -> None:
    found = answer(folders[backend], backend, mebibytes)
    assert (found["planned"], found["ran"]) == (16_384, 8_192)
    assert found["tokens"] > 0
    code, message = found["notices"][0]
    assert code == "load-fell-back"
    assert "with 8,192 tokens of context runs" in message
    assert "main memory ran out" in message
