"""Decoding on NVIDIA GPUs without a launch from Python for every kernel.

A step of one token a sequence is recorded once for each number of rows (1, 2, 4 …) and of cells in
use (256, 512, 1024 …), and played back from then on. What differs between two such steps lies in
one tensor, so a recording holds for all of them; prompts are computed as everywhere.
"""

from collections.abc import Callable
from typing import Any, Protocol

import torch

from lmrt.adapters.torch.cache import PoolCache
from lmrt.adapters.torch.forward import Forward
from lmrt.adapters.torch.step import Part, Step

_FEWEST_CELLS = 256
_TRIAL_RUNS = 2


class RoomyStep:
    """A step with room for a number of rows and cells, whose inputs are changed in place.

    Rows that are left over repeat the last one: they compute and store the same once more.

    Args:
        rows: Most rows.
        cells: Cells that every row looks at, masked.
        device: Where it is.

    Attributes:
        step: The step.
    """

    def __init__(self, rows: int, cells: int, device: torch.device) -> None:
        inputs = torch.zeros(4, rows, dtype=torch.int64, device=device)
        wanted = torch.arange(rows, device=device)
        self.step = Step(inputs, (Part(0, rows, 0, cells),), wanted)

    def fill(self, inputs: torch.Tensor) -> None:
        """Take over the inputs of a step with as many rows or fewer."""
        rows = inputs.shape[1]
        self.step.inputs[:, :rows].copy_(inputs)
        self.step.inputs[:, rows:].copy_(inputs[:, -1:])


def room_for(step: Step, cells: int) -> tuple[int, int] | None:
    """Return the rows and cells of the recording for a step, or None where it computes prompts.

    Args:
        step: The step.
        cells: Cells of the cache.
    """
    if len(step.wanted) < step.rows:
        return None
    wanted = max(_FEWEST_CELLS, _power_of_two(step.top))
    return _power_of_two(step.rows), min(wanted, cells)


def _power_of_two(number: int) -> int:
    """Return the smallest power of two that is not less."""
    return 1 << (number - 1).bit_length()


class Recorder(Protocol):
    """Records what a function has the device do."""

    def record(self, compute: Callable[[], None]) -> Callable[[], None]:
        """Return what does it again, with what then lies in the same tensors."""
        ...


class CudaRecorder:
    """Records CUDA graphs; they share their memory, since one is played at a time.

    Args:
        device: An NVIDIA GPU.
    """

    def __init__(self, device: torch.device) -> None:
        self._cuda: Any = torch.cuda
        self._device = device
        self._memory: Any = None

    def record(self, compute: Callable[[], None]) -> Callable[[], None]:
        """Return what does again what `compute` does.

        Raises:
            RuntimeError: It does what cannot be recorded, such as looking at a result.
        """
        with self._cuda.device(self._device):
            self._try(compute)
            self._memory = self._memory or self._cuda.graph_pool_handle()
            graph = self._cuda.CUDAGraph()
            # Another thread's model may use its GPU meanwhile.
            options = {"pool": self._memory, "capture_error_mode": "thread_local"}
            with self._cuda.graph(graph, **options):
                compute()
        replay: Callable[[], None] = graph.replay
        return replay

    def _try(self, compute: Callable[[], None]) -> None:
        """Let libraries allocate what they need in their first runs, which cannot be recorded."""
        aside, usual = self._cuda.Stream(), self._cuda.current_stream()
        aside.wait_stream(usual)
        with self._cuda.stream(aside):
            for _ in range(_TRIAL_RUNS):
                compute()
        usual.wait_stream(aside)


class Graphs:
    """Computes steps as `Forward` does, from recordings where there can be one.

    Args:
        forward: Computes what is not recorded, and what is to be recorded.
        recorder: Records.
        device: Where.
    """

    def __init__(self, forward: Forward, recorder: Recorder, device: torch.device) -> None:
        self._forward = forward
        self._recorder = recorder
        self._device = device
        self._recordings: dict[tuple[int, int], tuple[RoomyStep, Callable[[], None]]] = {}
        self._logits: dict[int, torch.Tensor] = {}

    def __call__(self, cache: PoolCache, step: Step) -> torch.Tensor:
        """Return the logits of the wanted rows; the next call overwrites them.

        Raises:
            Stopped: The cache was told to stop.
        """
        room = room_for(step, cache.positions.shape[0])
        if room is None:
            return self._forward(cache, step)
        if room not in self._recordings:
            self._recordings[room] = self._record(cache, step, *room)
        roomy, replay = self._recordings[room]
        roomy.fill(step.inputs)
        replay()
        return self._logits[room[0]][: step.rows]

    def close(self) -> None:
        """Drop the recordings."""
        self._recordings.clear()
        self._logits.clear()

    def _record(
        self, cache: PoolCache, step: Step, rows: int, cells: int
    ) -> tuple[RoomyStep, Callable[[], None]]:
        roomy = RoomyStep(rows, cells, self._device)
        roomy.fill(step.inputs)

        def compute() -> None:
            logits = self._forward(cache, roomy.step)
            # One place for all recordings of as many rows, or each would keep logits of its own.
            if rows not in self._logits:
                self._logits[rows] = torch.empty_like(logits)
            self._logits[rows].copy_(logits)

        return roomy, self._recorder.record(compute)
