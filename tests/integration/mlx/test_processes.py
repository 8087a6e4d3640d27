"""What the engine does to the process that it is in, and what it needs there."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.mlx.support import load
from tests.support.mlx_process import PROMPT
from tests.support.sequences import request, run

ROOT = Path(__file__).parents[3]
Folders = Callable[[str], Path]


def answer(folder: Path, *options: str) -> Any:
    """Run the program and return what it printed; it must end well and say nothing else."""
    command = (sys.executable, "-m", "tests.support.mlx_process", str(folder), *options)
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_it_works_where_torch_is_not_installed(hf_folders: Folders) -> None:
    model = load(hf_folders("llama"))
    expected = run(model, request(PROMPT)).tokens
    model.close()
    found = answer(hf_folders("llama"), "without-torch")
    assert (found["tokens"], found["torch"]) == (expected, False)


def test_the_limit_of_open_files_stays_as_it_was(hf_folders: Folders) -> None:
    found = answer(hf_folders("llama"), "without-torch")
    assert found["before"] == found["after"]
    assert found["before"][0] == 1500


@pytest.mark.parametrize("options", [(), ("left-open",)])
def test_a_process_ends_well_after_the_engine_s_thread(
    hf_folders: Folders, options: tuple[str, ...]
) -> None:
    """Without care the process is aborted at its exit, in three cases of ten."""
    for _ in range(6):
        answer(hf_folders("llama"), "without-torch", *options)


def test_the_deep_probe_asks_the_engine() -> None:
    from lmrt.adapters.mlx import mlx_backend
    from lmrt.domain.machine import DeviceKind
    from lmrt.domain.probes import Available

    shallow, deep = mlx_backend().probe(), mlx_backend().probe(deep=True)
    assert isinstance(deep.availability, Available)
    assert deep.devices[-1].kind is DeviceKind.CPU
    assert deep.architectures == shallow.architectures
    assert dict(deep.details)["engine"].startswith("MLX ")


def test_the_probe_lists_what_the_engine_has_a_model_for() -> None:
    """Modules without a model, and models that the engine cannot even import, are left out."""
    from lmrt.adapters.mlx import mlx_backend
    from lmrt.adapters.mlx.engine import api

    names = mlx_backend().probe().architectures
    assert names is not None
    assert {"llama", "mistral", "qwen3", "gemma3_text", "qwen3_5_text", "solar_open"} <= names
    assert not {"base", "cache", "rope_utils", "olmo", "jamba"} & names
    for name in sorted(names - {"qwen3_5_text", "qwen3_5_moe_text"}):
        assert api().loader._get_classes({"model_type": name})
