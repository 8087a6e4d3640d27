"""The planner beside real loads on MLX and torch: small random models, their context filled."""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from attrs import frozen

from benchmarks.memory.cases import MIB, Case
from lmrt.domain.config import KvType

TOTAL_OFF = 0.10
_SIZES: dict[str, Any] = {
    "hidden_size": 512,
    "intermediate_size": 1536,
    "num_hidden_layers": 6,
    "num_attention_heads": 8,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "vocab_size": 48_000,
    "max_position_embeddings": 8192,
    "tie_word_embeddings": False,
}
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "qwen3": ("qwen3", _SIZES),
    "llama": ("llama", {**_SIZES, "num_key_value_heads": 2}),
    "gemma3": (
        "gemma3_text",
        {
            **_SIZES,
            "layer_types": [*["sliding_attention"] * 5, "full_attention"],
            "sliding_window": 256,
        },
    ),
}


@frozen
class Loaded:
    """A model on a backend."""

    backend: str
    case: Case


LOADS = (
    Loaded("torch", Case("qwen3", 2048, KvType.F32)),
    Loaded("torch", Case("llama", 4096, KvType.F32)),
    Loaded("torch", Case("gemma3", 2048, KvType.F32)),
    Loaded("mlx", Case("qwen3", 1024, KvType.F32)),
    Loaded("mlx", Case("llama", 1024, KvType.F32)),
    Loaded("mlx", Case("qwen3", 512, KvType.Q8_0)),
)


def main() -> int:
    """Print the table; return the number of rows that are off."""
    print("| backend | model | context | KV type | planned | measured | |")
    print("|---|---|---|---|---|---|---|")
    folder, off = Path(tempfile.mkdtemp(prefix="lmrt-memory-")), 0
    try:
        for one in LOADS:
            found = measured(one, folder)
            ours, theirs = _planned(found) / MIB, found["peak"] / MIB
            fits = abs(ours / theirs - 1) <= TOTAL_OFF
            case = one.case
            cells = [one.backend, case.model, f"{case.context:,}", str(case.kv_type)]
            cells += [f"{ours:,.0f}", f"{theirs:,.0f}", f"{ours / theirs - 1:+.1%}"]
            print(f"| {' | '.join(cells)} |" + ("" if fits else " **off**"), flush=True)
            off += not fits
    finally:
        shutil.rmtree(folder)
    return off


def measured(one: Loaded, folder: Path) -> dict[str, int]:
    """Return the bytes that the plan names, and the peak of a real load."""
    from tests.support.hf_models import write_hf_model

    case = one.case
    place = folder / case.model
    if not place.exists():
        model_type, settings = MODELS[case.model]
        write_hf_model(model_type, settings, place)
    arguments = [one.backend, str(place), str(case.context), str(case.kv_type)]
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory.child", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, int] = json.loads(run.stdout.splitlines()[-1])
    return found


def _planned(found: dict[str, int]) -> int:
    return sum(size for name, size in found.items() if name != "peak")
