"""Loads one model as the planner says, fills its context, and tells what that took.

A program of its own, as a peak is the whole process's: `python -m benchmarks.memory.child
BACKEND FOLDER CONTEXT KV_TYPE` prints the bytes of the plan, and of the peak less what was there
before the engine was imported.
"""

import json
import resource
import sys
from pathlib import Path

import psutil

from benchmarks.memory.cases import Case, planned
from lmrt.adapters.safetensors import SafetensorsReader
from lmrt.domain.config import KvType
from lmrt.domain.sampling import GREEDY
from lmrt.domain.sequences import SequenceEnded, SequenceFailed, SequenceRequest
from lmrt.ports.backend import Backend, LoadedModel

_DRAWN = 4
_STRIDE = 7919
_KIBIBYTE = 1024


def main(backend_id: str, folder: Path, context: int, kv_type: KvType) -> None:
    """Print one object."""
    backend = _backend(backend_id)
    (described,) = SafetensorsReader().read(folder)
    plan = planned(folder, described, backend.probe(), Case("model", context, kv_type))
    before = psutil.Process().memory_info().rss
    loaded = backend.load(plan, folder)
    count = plan.settings.context_length - _DRAWN
    # Spread over the vocabulary: of a file that is mapped, only what is looked at is resident.
    vocabulary = described.shape.vocabulary_size
    prompt = tuple(_STRIDE * place % vocabulary for place in range(count))
    loaded.admit(SequenceRequest(tokens=prompt, sampling=GREEDY, max_tokens=_DRAWN))
    _run(loaded)
    peak = _peak()
    memory = plan.chosen.memory
    parts = {name: getattr(memory, name) for name in ("weights", "kv_cache", "compute", "overhead")}
    print(json.dumps({**parts, "peak": peak - before}))


def _run(loaded: LoadedModel) -> None:
    """Compute until the sequence ends.

    Raises:
        RuntimeError: It failed.
    """
    while True:
        events = loaded.step()
        failures = [event.message for event in events if isinstance(event, SequenceFailed)]
        if failures:
            raise RuntimeError(failures[0])
        if any(isinstance(event, SequenceEnded) for event in events):
            return


def _peak() -> int:
    """Return the most bytes that were resident at once.

    On Linux `ru_maxrss` would count the parent's too, which a child has until it is executed.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * _KIBIBYTE


def _backend(backend_id: str) -> Backend:
    if backend_id == "mlx":
        from lmrt.adapters.mlx import mlx_backend

        return mlx_backend()
    from lmrt.adapters.torch import torch_backend

    return torch_backend()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), KvType(sys.argv[4]))
