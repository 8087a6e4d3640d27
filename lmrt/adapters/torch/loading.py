"""Loading: the engine's model and a cache for it, or an error and nothing left behind."""

import gc
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch

from lmrt.adapters.torch import engine, errors
from lmrt.adapters.torch.batch import Layout, Rows
from lmrt.adapters.torch.cache import PoolCache
from lmrt.adapters.torch.cells import CellTable
from lmrt.adapters.torch.devices import empty_cache, engine_device
from lmrt.adapters.torch.facts import loaded_facts
from lmrt.adapters.torch.forward import Forward
from lmrt.adapters.torch.graphs import CudaRecorder, Graphs, Recorder
from lmrt.adapters.torch.memory import PoolMemory
from lmrt.adapters.torch.model import Parts, TorchModel
from lmrt.adapters.torch.processor import Processor, lone_rows_need_no_onednn
from lmrt.adapters.torch.progress import ProgressRelay
from lmrt.adapters.torch.quiet import quiet
from lmrt.adapters.torch.rope import fix_rope
from lmrt.adapters.torch.rounding import ROUNDINGS, Rounding
from lmrt.adapters.torch.scratch import Scratch
from lmrt.adapters.torch.weights import compute_type, load_weights
from lmrt.domain.errors import LmrtError
from lmrt.domain.plans import ExecutionSettings, RuntimePlan
from lmrt.ports.backend import LoadProgress


def load_model(plan: RuntimePlan, root: Path, progress: LoadProgress | None) -> TorchModel:
    """Load the plan's artifact; see `Backend.load`."""
    engine.transformers()
    device = engine_device(plan.chosen.placement)
    path = (root / plan.artifact.files[0].path).parent
    relay = ProgressRelay(progress)
    try:
        return _load(plan, path, device, relay)
    except LmrtError as error:
        failure: Exception = error.with_traceback(None)
    except Exception as error:
        if error is relay.error:
            raise
        failure = errors.load_failed(path, error)
    # Out here, where no traceback holds what was loaded so far.
    gc.collect()
    empty_cache(device)
    raise failure


@torch.inference_mode()
def _load(plan: RuntimePlan, path: Path, device: torch.device, relay: ProgressRelay) -> TorchModel:
    settings, dtype = plan.settings, compute_type(plan, path)
    processor = _processor(settings, device, dtype)
    relay.tell(0.0)
    with quiet(relay.tell_weights) as warnings, processor.computing(settings.batch_size):
        model = load_weights(path, device, dtype, _rounding(settings))
        check_positions(model, settings.context_length)
        fix_rope(model, settings.context_length)
        forward = Forward(model)
        apart, recorder = arrangement_on(device)
        layout = Layout(settings.context_length, apart=apart, device=device)
        cache = PoolCache(settings.context_length, settings.max_sequences, device)
        table = CellTable(settings.context_length, settings.max_sequences, apart=apart)
        memory = PoolMemory(cache, table)
        logits = _first_step(forward, memory, layout)
        compute = _recorded(forward, recorder, memory, layout, warnings)
    facts = loaded_facts(model, cache, logits.shape[-1], plan, warnings)
    resources = ExitStack()
    resources.callback(empty_cache, device)
    resources.callback(cache.close)
    resources.callback(forward.close)
    resources.callback(compute.close)
    relay.tell(1.0)
    return TorchModel(
        Parts(
            facts=facts,
            compute=compute,
            memory=memory,
            layout=layout,
            scratch=Scratch(forward, device, settings.batch_size),
            processor=processor,
            batch_size=settings.batch_size,
            resources=resources,
        )
    )


def _rounding(settings: ExecutionSettings) -> Rounding | None:
    return None if settings.dtype is None else ROUNDINGS.get(settings.dtype)


def _processor(settings: ExecutionSettings, device: torch.device, dtype: torch.dtype) -> Processor:
    return Processor(
        threads=settings.threads,
        batch_threads=settings.batch_threads,
        few=settings.max_sequences,
        lone_rows_without_onednn=lone_rows_need_no_onednn(device, dtype),
    )


def check_positions(model: Any, context_length: int) -> None:
    """Refuse a context that is longer than the table of positions that a model has learned.

    Raises:
        UnsupportedError: It is.
    """
    learned = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    words = model.get_input_embeddings()
    for module in model.modules():
        if not isinstance(module, torch.nn.Embedding) or module is words:
            continue
        if module.num_embeddings == learned and learned < context_length:
            raise errors.UnsupportedError(f"positions beyond the {learned:,} that it has learned")


def arrangement_on(device: torch.device) -> tuple[bool, Recorder | None]:
    """Return how steps are computed on a device.

    Returns:
        Whether each sequence's attention is computed by itself, which takes a launch for each but
        no look at the cells of others, and what records steps, or None.
    """
    match device.type:
        case "cpu":
            return True, None
        case "cuda":
            return False, CudaRecorder(device)
        case _:
            return False, None


def _recorded(
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


def _first_step(forward: Forward, memory: PoolMemory, layout: Layout) -> torch.Tensor:
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
