"""The torch backend beside transformers on any device: its own loop, and `generate`.

::

    python -m benchmarks.torch_decode                                  40 million parameters, CPU
    python -m benchmarks.torch_decode --size 8b --device cuda:0 --dtype bf16
    python -m benchmarks.torch_decode --size tiny --rounds 1

A random Llama of the size is written once. The loops take turns, and the median of the ratios
counts; the limit is 0.95. On a GPU it also tells which share of the memory's speed decoding
reaches: the weights that a step reads, the token embedding left out, and the keys and values,
against a copy within the GPU's memory. The ratio to `generate` is told for whole answers.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attrs import frozen

from benchmarks.bare import Times
from benchmarks.bare.torch import BareTorch
from benchmarks.engines import LIMIT, ours
from lmrt.adapters.torch import torch_backend
from lmrt.domain.config import Dtype, KvType
from lmrt.domain.plans import ExecutionSettings, OnCpu, OnDevice, Placement
from lmrt.ports.backend import LoadedModel
from tests.support.torch_plans import torch_plan

BATCHES = (1, 8)
SIZES = {
    "tiny": (64, 192, 2, 4, 2),
    "40m": (512, 1536, 8, 8, 4),
    "0.5b": (1024, 3072, 28, 16, 8),
    "1b": (2048, 8192, 16, 32, 8),
    "8b": (4096, 14336, 32, 32, 8),
}
"""Residual stream, inner side of the feed-forward block, layers, heads, heads of keys."""

VOCABULARY = {"tiny": 512, "40m": 8192}
_COPIED = 1 << 30


@frozen
class Asked:
    """What is measured.

    Attributes:
        folder: The model.
        device: `cpu`, `cuda:0` or `metal`.
        dtype: Of weights and cache.
        threads: CPU threads.
        prompt: Tokens of each prompt.
        tokens: Tokens to draw after the first.
        rounds: How often each loop has its turn.
    """

    folder: Path
    device: str
    dtype: Dtype
    threads: int
    prompt: int
    tokens: int
    rounds: int

    @property
    def placement(self) -> Placement:
        """Where the backend runs."""
        return OnCpu() if self.device == "cpu" else OnDevice(self.device)

    @property
    def settings(self) -> ExecutionSettings:
        """Settings that hold the largest batch."""
        cells = max(BATCHES) * (self.prompt + self.tokens + 1)
        return ExecutionSettings(
            context_length=-(-cells // 64) * 64,
            kv_type=KvType(self.dtype.value),
            flash_attention=False,
            threads=self.threads,
            batch_threads=self.threads,
            batch_size=2048,
            max_sequences=max(BATCHES),
            dtype=self.dtype,
        )


def prompts(asked: Asked, batch: int, turn: int) -> list[list[int]]:
    """Return prompts that differ from their first token on, in every turn."""
    return [
        [(97 * (turn * batch + owner + 1) + 31 * place) % 500 for place in range(asked.prompt)]
        for owner in range(batch)
    ]


def measure(asked: Asked) -> int:
    """Print the table; return how many ratios are below the limit."""
    plan = torch_plan(asked.folder, asked.settings, asked.placement)
    model = torch_backend().load(plan, asked.folder)
    bare = BareTorch(asked.folder, asked.threads, asked.device, asked.dtype.value)
    below = 0
    for batch in BATCHES:
        pairs = [_pair(model, bare, asked, batch, turn) for turn in range(asked.rounds + 1)][1:]
        for part, count in (("prefill", asked.prompt), ("decode", asked.tokens)):
            ratio = statistics.median(getattr(a, part) / getattr(b, part) for a, b in pairs)
            speed = batch * count / statistics.median(getattr(b, part) for _, b in pairs)
            below += ratio < LIMIT
            _row(batch, part, f"{speed:10,.1f} tokens/s, {ratio:.3f} of the bare loop's")
        _beyond(bare, asked, batch, [second for _, second in pairs])
    for warning in model.facts.warnings:
        print(f"warning: {warning}")
    model.close()
    bare.close()
    return below


def _pair(
    model: LoadedModel, bare: BareTorch, asked: Asked, batch: int, turn: int
) -> tuple[Times, Times]:
    texts = prompts(asked, batch, turn)
    runs: list[Callable[[], Times]] = [
        lambda: bare.run(texts, asked.tokens),
        lambda: ours(model, texts, asked.tokens),
    ]
    if turn % 2:
        second, first = runs[1](), runs[0]()
    else:
        first, second = runs[0](), runs[1]()
    return first, second


def _beyond(bare: BareTorch, asked: Asked, batch: int, times: list[Times]) -> None:
    """Print how near our loop is to the GPU's memory, and how it compares with `generate`."""
    whole = statistics.median(each.prefill + each.decode for each in times)
    generated = _generate(bare, asked, batch)
    _row(batch, "answer", f"{generated / whole:.2f} times as fast as `generate`")
    if not asked.device.startswith("cuda"):
        return
    step = statistics.median(each.decode for each in times) / asked.tokens
    limit = _read_bytes(bare, asked, batch) / _bandwidth(asked.device)
    _row(batch, "decode", f"{limit / step:.3f} of the speed of the GPU's memory")


def _generate(bare: BareTorch, asked: Asked, batch: int) -> float:
    """Return the seconds of transformers' own answer to prompts of the same length."""
    torch = bare.torch
    texts = torch.tensor(prompts(asked, batch, 0), device=bare.device)
    options = {"max_new_tokens": asked.tokens + 1, "min_new_tokens": asked.tokens + 1}
    found = []
    for _ in range(2):  # the first one compiles and allocates
        began = time.perf_counter()
        bare.model.generate(texts, do_sample=False, pad_token_id=0, **options).tolist()
        found.append(time.perf_counter() - began)
    return found[-1]


def _read_bytes(bare: BareTorch, asked: Asked, batch: int) -> float:
    """Return the bytes that a step reads on average."""
    config = bare.model.config
    weights = sum(each.nbytes for each in bare.model.parameters())
    weights -= bare.model.get_input_embeddings().weight.nbytes
    element = next(bare.model.parameters()).element_size()
    cell = 2 * config.num_hidden_layers * config.num_key_value_heads * config.head_dim * element
    return float(weights + batch * (asked.prompt + asked.tokens / 2) * cell)


def _bandwidth(device: str) -> float:
    """Return the bytes a second that a copy within the GPU's memory reads and writes."""
    import torch

    cuda: Any = torch.cuda
    source = torch.empty(_COPIED, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    best = 0.0
    for _ in range(5):
        cuda.synchronize()
        began = time.perf_counter()
        target.copy_(source)
        cuda.synchronize()
        best = max(best, 2 * _COPIED / (time.perf_counter() - began))
    return best


def _row(batch: int, part: str, text: str) -> None:
    print(f"batch {batch}  {part:8} {text}", flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Measure what is asked; return the number of ratios below the limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.torch_decode", description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="40m")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", choices=("f32", "bf16", "f16"), default="f32")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--prompt", type=int, default=128)
    parser.add_argument("--tokens", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="lmrt-torch-"))
    try:
        _write(folder, asked.size)
        sizes = {"prompt": asked.prompt, "tokens": asked.tokens, "rounds": asked.rounds}
        dtype = Dtype(asked.dtype)
        return measure(Asked(folder, asked.device, dtype, asked.threads, **sizes))
    finally:
        shutil.rmtree(folder)


def _write(folder: Path, size: str) -> None:
    from tests.support.hf_models import write_hf_model

    hidden, inner, layers, heads, key_heads = SIZES[size]
    write_hf_model(
        "llama",
        {
            "hidden_size": hidden,
            "intermediate_size": inner,
            "num_hidden_layers": layers,
            "num_attention_heads": heads,
            "num_key_value_heads": key_heads,
            "vocab_size": VOCABULARY.get(size, 32_000),
            "max_position_embeddings": 8192,
            "bos_token_id": 0,
            "eos_token_id": 1,
            "pad_token_id": None,
        },
        folder,
    )


if __name__ == "__main__":
    sys.exit(main())
