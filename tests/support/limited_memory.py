"""Answers one prompt with little memory, as a program: limits are the process's.

`python -m tests.support.limited_memory FOLDER BACKEND MIB`: the engine is imported and the model
planned, then MIB more of address space may be taken. It prints what ran, or the error, as JSON.
"""

import json
import resource
import sys
from pathlib import Path
from typing import Any

from lmrt import GenerationConfig, LmrtError, RuntimeClient, RuntimeConfig
from tests.support.tiny_models import TinyModel

MODEL = TinyModel(hidden=1024, heads=16, kv_heads=16, feed_forward=64, context=16_384)
"""Its weights take 37 MB in 32 bits, its KV cache 8 KiB a token: 128 MiB for all its context."""


def main(folder: str, backend: str, mebibytes: int) -> None:
    if backend == "llama.cpp":
        from lmrt.adapters.llama_cpp import engine as llama

        llama.api()
    else:
        from lmrt.adapters.torch import engine as torch

        torch.transformers()
    config = RuntimeConfig(folder, backend=backend)
    found: dict[str, Any]
    with RuntimeClient() as client:
        planned = client.plan(config).settings.context_length
        taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        most = taken + (mebibytes << 20)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        try:
            answer = client.prompt(
                "hi",
                runtime_config=config,
                generation_config=GenerationConfig(max_tokens=4, temperature=0.0),
            )
        except LmrtError as error:
            found = {"code": error.code, "context": error.context, "note": error.note}
        else:
            found = {
                "planned": planned,
                "ran": answer.plan.settings.context_length,
                "tokens": answer.usage.completion_tokens,
                "notices": [[notice.code, notice.message] for notice in answer.notices],
            }
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
