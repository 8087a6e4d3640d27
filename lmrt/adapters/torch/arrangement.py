"""How steps are computed on a device, found out with a first one."""

import torch

from lmrt.adapters.torch import errors
from lmrt.adapters.torch.batch import Layout, Rows
from lmrt.adapters.torch.devices import Devices
from lmrt.adapters.torch.forward import Forward
from lmrt.adapters.torch.graphs import CudaRecorder, Graphs, Recorder
from lmrt.adapters.torch.memory import PoolMemory


def arrangement_on(devices: Devices) -> tuple[bool, Recorder | None]:
    """Return how steps are computed on devices.

    Returns:
        Whether each sequence's attention is computed by itself, which takes a launch for each but
        no look at the cells of others, and what records steps, or None.
    """
    match devices.main.type:
        case "cpu":
            return True, None
        case "cuda" if not devices.several:
            return False, CudaRecorder(devices.main)
        case _:
            return False, None


def first_step(forward: Forward, memory: PoolMemory, layout: Layout) -> torch.Tensor:
    """Compute two tokens and forget them; it makes the cache, and shows whether the model fits it.

    Raises:
        UnsupportedError: The model keeps what it remembers elsewhere.
    """
    tokens = (0, 0)
    memory.table.take(0, len(tokens))
    rows = Rows(tokens, 0, 0, memory.table[0], wanted=True)
    logits = forward(memory.cache, layout.step([rows]))
    if not memory.cache.keys:
        raise errors.UnsupportedError("a memory that is no KV cache")
    memory.cut(0, 0)
    return logits


def recorded(
    forward: Forward,
    recorder: Recorder | None,
    memory: PoolMemory,
    layout: Layout,
    warnings: list[str],
) -> Forward | Graphs:
    """Return what plays recorded steps, or computes each where the model cannot be recorded."""
    if recorder is None:
        return forward
    graphs = Graphs(forward, recorder, layout.device)
    memory.table.take(0, 1)
    step = layout.step([Rows((0,), 0, 0, memory.table[0], wanted=True)])
    try:
        graphs(memory.cache, step)
    except RuntimeError as error:
        warnings.append(f"decoding is slower, without CUDA graphs: {errors.told(error)}")
        return forward
    finally:
        memory.cut(0, 0)
    return graphs
