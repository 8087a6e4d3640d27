"""Prefill and decode of each backend against the engine's own loop, alone and eight at once.

::

    python -m benchmarks.engines                    about 470 million parameters
    python -m benchmarks.engines --layers 2 --rounds 1 --backends torch

A random model of the shape of Qwen3-0.6B, with 32,000 tokens, is written once; llama.cpp reads it
as F16, MLX and torch as f32. The loops take turns, so that noise of the machine meets both, and the
median of the ratios counts. The limit is 0.95.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from attrs import frozen

from benchmarks.bare import Bare, Times
from lmrt.domain.config import Dtype, KvType
from lmrt.domain.plans import ExecutionSettings
from lmrt.domain.sampling import GREEDY
from lmrt.domain.sequences import SequenceHandle, SequenceRequest, TokenSampled
from lmrt.ports.backend import LoadedModel

LIMIT = 0.95
BATCHES = (1, 8)
SHAPE = {
    "hidden_size": 1024,
    "intermediate_size": 3072,
    "num_hidden_layers": 28,
    "num_attention_heads": 16,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "vocab_size": 32_000,
    "tie_word_embeddings": True,
    "max_position_embeddings": 4096,
}


@frozen
class Work:
    """How much is measured.

    MLX's CPU build is slower by an order of magnitude, and our backend computes at most 64 tokens
    of prompts in one of its steps, so that nobody waits long for the end of a cancelled one: its
    eight prompts are as long as fit one.
    """

    prompt: int
    tokens: int


@frozen
class Engine:
    """One backend and its engine's own loop.

    Attributes:
        load: Loads the model behind the port.
        bare: Loads it for the engine's own loop.
        work: What one run computes.
    """

    load: Callable[[Path, ExecutionSettings], LoadedModel]
    bare: Callable[[Path, ExecutionSettings], Bare]
    work: Work


def settings(threads: int, *, dtype: Dtype | None, kv_type: KvType) -> ExecutionSettings:
    """Return settings that hold eight sequences of the benchmark."""
    return ExecutionSettings(
        context_length=2048,
        kv_type=kv_type,
        flash_attention=kv_type is KvType.F16,
        threads=threads,
        batch_threads=threads,
        batch_size=1024,
        max_sequences=max(BATCHES),
        dtype=dtype,
    )


def ours(model: LoadedModel, prompts: list[list[int]], count: int) -> Times:
    """Return the seconds of the backend for the same as `Bare.run`: to the first tokens, and on."""
    began = time.perf_counter()
    for prompt in prompts:
        model.admit(SequenceRequest(tokens=tuple(prompt), sampling=GREEDY, max_tokens=count + 1))
    begun: set[SequenceHandle] = set()
    while len(begun) < len(prompts):
        begun |= {event.handle for event in model.step() if isinstance(event, TokenSampled)}
    prefilled = time.perf_counter()
    while model.step():
        pass
    return Times(prefilled - began, time.perf_counter() - prefilled)


def prompts(batch: int, work: Work, turn: int) -> list[list[int]]:
    """Return prompts that differ from their first token on, in every turn: nothing is reused."""
    return [
        [
            (97 * (turn * batch + owner + 1) + 31 * place) % 30_000 + 300
            for place in range(work.prompt)
        ]
        for owner in range(batch)
    ]


def measure(engine: Engine, folder: Path, threads: int, rounds: int, name: str) -> int:
    """Print the rows of one backend; return how many are below the limit."""
    wanted = settings(
        threads,
        dtype=None if name == "llama.cpp" else Dtype.F32,
        kv_type=KvType.F16 if name == "llama.cpp" else KvType.F32,
    )
    model, bare = engine.load(folder, wanted), engine.bare(folder, wanted)
    below, work = 0, engine.work
    try:
        for batch in BATCHES:
            pairs = []
            for turn in range(rounds + 1):
                asked = prompts(batch, work, turn)
                runs: list[Callable[[], Times]] = [
                    lambda asked=asked: bare.run(asked, work.tokens),  # type: ignore[misc]
                    lambda asked=asked: ours(model, asked, work.tokens),  # type: ignore[misc]
                ]
                if turn % 2:
                    second, first = runs[1](), runs[0]()
                else:
                    first, second = runs[0](), runs[1]()
                pairs.append((first, second))
            below += _report(name, batch, work, pairs[1:])
    finally:
        bare.close()
        model.close()
    return below


def _report(name: str, batch: int, work: Work, pairs: list[tuple[Times, Times]]) -> int:
    below = 0
    for part, tokens in (("prefill", batch * work.prompt), ("decode", batch * work.tokens)):
        ratio = statistics.median(getattr(a, part) / getattr(b, part) for a, b in pairs)
        speed = tokens / statistics.median(getattr(a, part) for a, _ in pairs)
        below += ratio < LIMIT
        print(
            f"{name:10} batch {batch}  {part:7} {ratio:6.3f} of {speed:9,.1f} tokens/s", flush=True
        )
    return below


def engines(threads: int) -> Mapping[str, Engine]:
    """Return the three backends with their engines' own loops."""
    from benchmarks.bare.llama_cpp import BareLlamaCpp
    from benchmarks.bare.mlx import BareMlx
    from benchmarks.bare.torch import BareTorch
    from lmrt.adapters.llama_cpp import llama_cpp_backend
    from lmrt.adapters.mlx import mlx_backend
    from lmrt.adapters.torch import torch_backend
    from tests.support.mlx_plans import mlx_plan
    from tests.support.plans import plan_for
    from tests.support.torch_plans import torch_plan

    def gguf(folder: Path) -> Path:
        return folder / "model.gguf"

    return {
        "llama.cpp": Engine(
            lambda folder, asked: llama_cpp_backend().load(plan_for(gguf(folder), asked), folder),
            lambda folder, asked: BareLlamaCpp(gguf(folder), asked),
            Work(64, 24),
        ),
        "torch": Engine(
            lambda folder, asked: torch_backend().load(torch_plan(folder, asked), folder),
            lambda folder, _: BareTorch(folder, threads),
            Work(64, 16),
        ),
        "mlx": Engine(
            lambda folder, asked: mlx_backend().load(mlx_plan(folder, asked), folder),
            lambda folder, _: BareMlx(folder),
            Work(8, 12),
        ),
    }


def main(arguments: list[str] | None = None) -> int:
    """Print the table; return the number of figures below the limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engines", description=__doc__)
    parser.add_argument("--layers", type=int, default=SHAPE["num_hidden_layers"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--backends", default="llama.cpp,torch,mlx")
    asked = parser.parse_args(arguments)
    from tests.support.hf_models import write_hf_model
    from tests.support.hf_to_gguf import convert

    folder = Path(tempfile.mkdtemp(prefix="lmrt-engines-"))
    try:
        write_hf_model("qwen3", {**SHAPE, "num_hidden_layers": asked.layers}, folder)
        convert(folder, folder / "model.gguf", kind="F16")
        known = engines(asked.threads)
        return sum(
            measure(known[name], folder, asked.threads, asked.rounds, name)
            for name in asked.backends.split(",")
        )
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
