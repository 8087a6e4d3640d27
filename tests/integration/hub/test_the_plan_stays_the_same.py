"""The plan before the download is the plan after it, and a prompt downloads what was planned."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from tests.support.hub_server import HubServer
from tests.support.tiny_models import TinyModel, write_gguf, write_hf

BACKENDS = {"llama.cpp": "llama_cpp", "mlx": "mlx_lm", "torch": "transformers"}

CHILD = """
import json, sys
from attrs import evolve
import lmrt
from lmrt.domain.config import RuntimeConfig
from lmrt.domain.generation import GenerationConfig

told = {}
config = RuntimeConfig("org/name", backend=sys.argv[1], context_length=128)
def facts(plan):
    artifact = evolve(plan.artifact, source=told.setdefault("source", plan.artifact.source))
    return repr((artifact, plan.chosen))
with lmrt.RuntimeClient() as client:
    before = client.plan(config)
    seen = facts(before)
    answer = client.prompt(
        "hi", runtime_config=config, generation_config=GenerationConfig(max_tokens=3)
    )
    after = client.plan(config)
    alone = client.plan(evolve(config, offline=True))
    print(json.dumps({
        "artifact": before.artifact.id,
        "sources": [type(plan.artifact.source).__name__ for plan in (before, after, alone)],
        "same": [facts(plan) == seen for plan in (after, alone)],
        "tokens": answer.usage.completion_tokens,
        "notices": [notice.code for notice in after.notices],
    }))
"""


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_plan_before_the_download_is_the_plan_after_it(
    hub: HubServer, tmp_path: Path, backend: str
) -> None:
    if find_spec(BACKENDS[backend]) is None:
        pytest.skip(f"needs {BACKENDS[backend]}")
    served = write_hf(TinyModel(), tmp_path / "served")
    write_gguf(evolve(TinyModel(), dtype="Q8_0"), served / "tiny-Q8_0.gguf")
    hub.add("org/name", served)
    told = plan_and_prompt(hub, tmp_path, backend)
    assert told["artifact"] == ("tiny-Q8_0.gguf" if backend == "llama.cpp" else "SAFETENSORS")
    assert told["sources"] == ["HubSource", "LocalSource", "LocalSource"]
    assert told["same"] == [True, True]
    assert told["tokens"] >= 1
    assert "cached-copy-used" not in told["notices"]


def plan_and_prompt(hub: HubServer, folder: Path, backend: str) -> dict[str, Any]:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("HF_")},
        "HOME": str(folder / "home"),
        "HF_ENDPOINT": hub.url,
        "XDG_CACHE_HOME": str(folder / "home" / "cache"),
        "HF_HOME": str(folder / "home" / "hf"),
    }
    run = subprocess.run(
        [sys.executable, "-c", CHILD, backend],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return found
