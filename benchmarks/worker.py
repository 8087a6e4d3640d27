"""Decode speed and cold start of an engine in a process of its own, against the same in this one.

::

    python -m benchmarks.worker

Both run the same model of 100 million parameters with the same settings on llama.cpp, taking turns
within one run, so that noise of the machine meets both; the median of the ratios counts. Time is
the clock's, since two processes share the work. Limit: 0.95. The cold start is load, first prompt
of 32 tokens and first token of a small model, where the process's own start shows.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.decode import PROMPT, SETTINGS, paired
from lmrt.adapters.llama_cpp import engine, llama_cpp_backend
from lmrt.bootstrap.engines import isolated
from lmrt.domain.sampling import GREEDY
from lmrt.domain.sequences import SequenceRequest
from lmrt.ports.backend import Backend, LoadedModel
from tests.support.plans import plan_for
from tests.support.tiny_models import BENCHMARK_MODEL, TinyModel, write_gguf

ROUNDS = 11
TOKENS = 48
STARTS = 5
LIMIT = 0.95


def decode(model: LoadedModel) -> float:
    """Return the seconds of `TOKENS` tokens after the first."""
    model.admit(SequenceRequest(tokens=PROMPT, sampling=GREEDY, max_tokens=TOKENS + 1))
    model.step()
    start = time.perf_counter()
    while model.step():
        pass
    return time.perf_counter() - start


def cold(backend: Backend, path: Path) -> float:
    """Return the seconds from nothing to the first token."""
    start = time.perf_counter()
    model = backend.load(plan_for(path, SETTINGS), path.parent)
    model.admit(SequenceRequest(tokens=PROMPT, sampling=GREEDY, max_tokens=1))
    while model.step():
        pass
    seconds = time.perf_counter() - start
    model.close()
    return seconds


def main() -> int:
    """Print both figures; return 1 if the ratio is below its limit."""
    here = llama_cpp_backend()
    (there,) = isolated([here])
    engine.api()
    with tempfile.TemporaryDirectory() as folder:
        large = write_gguf(BENCHMARK_MODEL, Path(folder) / "benchmark.gguf")
        small = write_gguf(TinyModel(), Path(folder) / "small.gguf")
        models = [one.load(plan_for(large, SETTINGS), large.parent) for one in (here, there)]
        times = [
            paired(lambda: decode(models[0]), lambda: decode(models[1]), swap=bool(turn % 2))
            for turn in range(ROUNDS + 1)
        ][1:]
        for model in models:
            model.close()
        starts = [
            paired(lambda: cold(here, small), lambda: cold(there, small), swap=bool(turn % 2))
            for turn in range(STARTS)
        ]
    ratio = statistics.median(one / other for one, other in times)
    one, other = (statistics.median(each[at] for each in times) / TOKENS for at in (0, 1))
    print(
        f"100 M in a worker: {ratio:5.3f} of the {1 / one:,.1f} tokens/s in this process "
        f"({1 / other:,.1f}; limit {LIMIT})"
    )
    one, other = (statistics.median(each[at] for each in starts) for at in (0, 1))
    print(f"cold start of a small model: {other:.2f} s in a worker, {one:.2f} s in this process")
    return int(ratio < LIMIT)


if __name__ == "__main__":
    sys.exit(main())
