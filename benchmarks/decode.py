"""Decode speed of the llama.cpp backend against a bare loop over the engine's C API.

::

    python -m benchmarks.decode

Both loops run the same model with the same settings and the same sampler, taking turns, so that
noise of the machine meets both; the median of the ratios counts. With one thread, processor time
is the time that a free machine would take. Limits: 0.8 on a model of under
two million parameters, whose tokens take about 0.1 ms each, and 0.98 on one of 100 million.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import evolve, frozen

from lmrt.adapters.llama_cpp import engine, llama_cpp_backend
from lmrt.adapters.llama_cpp.sampler import Sampler
from lmrt.adapters.llama_cpp.settings import context_params, model_params
from lmrt.domain.config import KvType
from lmrt.domain.plans import ExecutionSettings, OnCpu
from lmrt.domain.sampling import GREEDY, SamplingSettings
from lmrt.domain.sequences import SequenceRequest
from lmrt.ports.backend import LoadedModel
from tests.support.plans import plan_for
from tests.support.tiny_models import BENCHMARK_MODEL, TinyModel, write_gguf

GUIDE = Path(__file__).parents[1] / "models" / "guide" / "guide-F32.gguf"
PROMPT = tuple(range(5, 37))
ROUNDS = 9
SETTINGS = ExecutionSettings(
    context_length=1024,
    kv_type=KvType.F16,
    flash_attention=True,
    threads=1,
    batch_threads=1,
    batch_size=512,
    max_sequences=1,
)
DEFAULT = SamplingSettings(temperature=0.8, top_k=40, top_p=0.95, min_p=0.05, seed=1)


@frozen
class Case:
    """One model to measure.

    Attributes:
        name: Its name in the table.
        path: The GGUF.
        tokens: Tokens to decode in each round.
        limit: The ratio that the project promises.
    """

    name: str
    path: Path
    tokens: int
    limit: float


class BareLoop:
    """Set batch, `llama_decode`, `llama_sampler_sample`, and nothing else."""

    def __init__(self, case: Case) -> None:
        self.api = engine.api()
        wanted = model_params(self.api, OnCpu(), (), self.api.llama_progress_callback())
        self.model = self.api.llama_model_load_from_file(str(case.path).encode(), wanted.params)
        params = context_params(self.api, SETTINGS, OnCpu(), abort=None)
        self.context = self.api.llama_init_from_model(self.model, params)
        self.batch = self.api.llama_batch_init(512, 0, 1)

    def run(self, sampling: SamplingSettings, count: int) -> float:
        """Return the seconds that `count` tokens take after the first one."""
        api, context, batch = self.api, self.context, self.batch
        sampler = Sampler(api, sampling, PROMPT, vocabulary_size=1 << 20, context_length=1024)
        pointer = sampler.pointer
        api.llama_memory_clear(api.llama_get_memory(context), False)
        for place, token in enumerate(PROMPT):
            batch.token[place], batch.pos[place] = token, place
            batch.n_seq_id[place], batch.seq_id[place][0] = 1, 0
            batch.logits[place] = place == len(PROMPT) - 1
        batch.n_tokens = len(PROMPT)
        api.llama_decode(context, batch)
        token = api.llama_sampler_sample(pointer, context, -1)
        batch.n_tokens = batch.logits[0] = 1
        start = time.process_time()
        for position in range(len(PROMPT), len(PROMPT) + count):
            batch.token[0] = token
            batch.pos[0] = position
            api.llama_decode(context, batch)
            token = api.llama_sampler_sample(pointer, context, -1)
        seconds = time.process_time() - start
        sampler.free()
        return seconds

    def close(self) -> None:
        """Give everything back."""
        self.api.llama_batch_free(self.batch)
        self.api.llama_free(self.context)
        self.api.llama_model_free(self.model)


def run_backend(model: LoadedModel, sampling: SamplingSettings, count: int) -> float:
    """Return the seconds that the backend takes for `count` tokens after the first one."""
    request = SequenceRequest(tokens=PROMPT, sampling=sampling, max_tokens=count + 1)
    model.admit(request)
    model.step()
    start = time.process_time()
    while model.step():
        pass
    return time.process_time() - start


def ratio(case: Case, sampling: SamplingSettings) -> tuple[float, float]:
    """Return the median of backend speed over bare speed, and the bare seconds a token."""
    bare = BareLoop(case)
    model = llama_cpp_backend().load(plan_for(case.path, SETTINGS), case.path.parent)
    try:
        measured = [
            paired(
                lambda: bare.run(sampling, case.tokens),
                lambda: run_backend(model, sampling, case.tokens),
                swap=bool(turn % 2),
            )
            for turn in range(ROUNDS + 1)
        ][1:]
    finally:
        model.close()
        bare.close()
    ratios = [bare_time / our_time for bare_time, our_time in measured]
    seconds = statistics.median(bare_time for bare_time, _ in measured)
    return statistics.median(ratios), seconds / case.tokens


def paired(
    first: Callable[[], float], second: Callable[[], float], *, swap: bool
) -> tuple[float, float]:
    """Run both, in an order that changes from round to round."""
    if swap:
        late = second()
        return first(), late
    return first(), second()


@contextmanager
def cases() -> Iterator[list[Case]]:
    """Give the models to measure; generated ones live as long as the block."""
    with tempfile.TemporaryDirectory() as folder:
        small = GUIDE
        if not small.is_file():
            tiny = evolve(TinyModel(), layers=4, hidden=128, feed_forward=384, vocabulary=2048)
            small = write_gguf(tiny, Path(folder) / "small.gguf")
        large = write_gguf(BENCHMARK_MODEL, Path(folder) / "benchmark.gguf")
        yield [Case("small", small, 200, 0.8), Case("100 M", large, 24, 0.98)]


def main() -> int:
    """Print the table; return the number of figures below their limit."""
    below = 0
    with cases() as measured:
        for case in measured:
            for name, sampling in (("greedy", GREEDY), ("default sampling", DEFAULT)):
                found, seconds = ratio(case, sampling)
                below += found < case.limit
                print(
                    f"{case.name:6} {name:17} {found:5.3f} of the bare loop's "
                    f"{1 / seconds:6,.0f} tokens/s   (limit {case.limit})"
                )
    return below


if __name__ == "__main__":
    sys.exit(main())
