"""Asks llama.cpp how much memory it would take; run as a program, as its log is the process's.

Reads `[[path, ...], [settings, ...]]` as JSON from stdin, writes for each path one object of MiB
for each settings. Nothing is allocated.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lmrt.domain.planning.settings import CacheSettings

_SIZES = {
    "kv_cache": re.compile(r"llama_kv_cache: size = +([\d.]+) MiB"),
    "recurrent": re.compile(r"llama_memory_recurrent: size = +([\d.]+) MiB"),
    "compute": re.compile(r"compute buffer size = +([\d.]+) MiB"),
    "output": re.compile(r"output buffer size = +([\d.]+) MiB"),
}


def dry_runs(
    paths: Sequence[Path], settings: Sequence[CacheSettings]
) -> list[list[dict[str, float]]]:
    """Return the MiB of weights, KV cache, recurrent state, compute and output buffers.

    One list for each path, with one answer for each settings.

    Raises:
        subprocess.CalledProcessError: The engine refuses a file; its stderr holds what it said.
    """
    asked = [
        {
            "n_ctx": one.context,
            "n_batch": one.batch,
            "n_ubatch": one.batch,
            "n_seq_max": one.sequences,
            "n_outputs_max": one.sequences,
            "kv_unified": True,
            "swa_full": False,
            "flash_attn_type": int(one.flash_attention),
            "type_k": str(one.kv_type),
            "type_v": str(one.kv_type),
        }
        for one in settings
    ]
    run = subprocess.run(
        [sys.executable, __file__],
        input=json.dumps([[str(path) for path in paths], asked]),
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[list[dict[str, float]]] = json.loads(run.stdout)
    return found


def main() -> None:
    """Answer one request."""
    from llama_cpp import llama_cpp as api

    lines: list[str] = []

    @api.llama_log_callback  # type: ignore[untyped-decorator]
    def keep(_level: int, text: bytes, _data: Any) -> None:
        lines.append(text.decode("utf-8", "replace"))

    paths, asked = json.load(sys.stdin)
    api.llama_log_set(keep, None)
    api.llama_backend_init()
    params = api.llama_model_default_params()
    params.no_alloc = True
    params.load_mode = api.LLAMA_LOAD_MODE_NONE
    answers = []
    for path in paths:
        model = api.llama_model_load_from_file(os.fsencode(path), params)
        if not model:
            raise SystemExit("".join(lines)[-1000:])
        answers.append([_ask(api, model, settings, lines) for settings in asked])
        api.llama_model_free(model)
    print(json.dumps(answers))


def _ask(api: Any, model: Any, settings: dict[str, Any], lines: list[str]) -> dict[str, float]:
    lines.clear()
    context = api.llama_init_from_model(model, _context_params(api, settings))
    text = "".join(lines)
    if not context:
        raise SystemExit(text[-1000:])
    api.llama_free(context)
    sums = {name: sum(map(float, size.findall(text))) for name, size in _SIZES.items()}
    return {"weights": api.llama_model_size(model) / 2**20, **sums}


def _context_params(api: Any, settings: dict[str, Any]) -> Any:
    params = api.llama_context_default_params()
    for name, value in settings.items():
        if name.startswith("type_"):
            value = getattr(api, f"GGML_TYPE_{value.upper()}")
        setattr(params, name, value)
    return params


if __name__ == "__main__":
    main()
