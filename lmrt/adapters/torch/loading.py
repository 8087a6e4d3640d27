"""Loading: the engine's model and a cache for it, or an error and nothing left behind."""

import gc
from contextlib import ExitStack
from pathlib import Path

import torch

from lmrt.adapters.torch import engine, errors
from lmrt.adapters.torch.arrangement import arrangement_on, first_step, recorded
from lmrt.adapters.torch.batch import Layout
from lmrt.adapters.torch.cache import PoolCache
from lmrt.adapters.torch.cells import CellTable
from lmrt.adapters.torch.devices import Devices, empty_cache, engine_devices
from lmrt.adapters.torch.facts import loaded_facts
from lmrt.adapters.torch.forward import Forward
from lmrt.adapters.torch.memory import PoolMemory
from lmrt.adapters.torch.model import Parts, TorchModel
from lmrt.adapters.torch.positions import check_positions, fix_rope
from lmrt.adapters.torch.processor import Processor, lone_rows_need_no_onednn
from lmrt.adapters.torch.progress import ProgressRelay
from lmrt.adapters.torch.quiet import quiet
from lmrt.adapters.torch.rounding import ROUNDINGS, Rounding
from lmrt.adapters.torch.scratch import Scratch
from lmrt.adapters.torch.weights import compute_type, load_weights
from lmrt.domain.errors import LmrtError
from lmrt.domain.models import PICKLE_SUFFIXES, Artifact, ArtifactFormat
from lmrt.domain.plans import ExecutionSettings, RuntimePlan
from lmrt.ports.backend import LoadProgress


def load_model(plan: RuntimePlan, root: Path, progress: LoadProgress | None) -> TorchModel:
    """Load the plan's artifact; see `Backend.load`."""
    engine.transformers()
    devices = engine_devices(plan.chosen.placement)
    path = (root / plan.artifact.files[0].path).parent
    relay = ProgressRelay(progress)
    try:
        return _load(plan, path, devices, relay)
    except LmrtError as error:
        failure: Exception = error.with_traceback(None)
    except Exception as error:
        if error is relay.error:
            raise
        failure = errors.load_failed(path, error, plan.chosen.placement)
    # Out here, where no traceback holds what was loaded so far.
    gc.collect()
    empty_cache(devices)
    raise failure


@torch.inference_mode()
def _load(plan: RuntimePlan, path: Path, devices: Devices, relay: ProgressRelay) -> TorchModel:
    settings, dtype, device = plan.settings, compute_type(plan, path), devices.main
    processor = _processor(settings, device, dtype)
    relay.tell(0.0)
    with quiet(relay.tell_weights) as warnings, processor.computing(settings.batch_size):
        model = load_weights(path, devices, dtype, _rounding(settings), _pickles(plan.artifact))
        check_positions(model, settings.context_length)
        fix_rope(model, settings.context_length)
        forward = Forward(model)
        apart, recorder = arrangement_on(devices)
        layout = Layout(settings.context_length, apart=apart, device=device)
        cache = PoolCache(settings.context_length, settings.max_sequences, device)
        table = CellTable(settings.context_length, settings.max_sequences, apart=apart)
        memory = PoolMemory(cache, table)
        logits = first_step(forward, memory, layout)
        compute = recorded(forward, recorder, memory, layout, warnings)
    facts = loaded_facts(model, cache, logits.shape[-1], plan, warnings)
    resources = ExitStack()
    resources.callback(empty_cache, devices)
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


def _pickles(artifact: Artifact) -> tuple[str, ...]:
    if artifact.format is not ArtifactFormat.PICKLE:
        return ()
    return tuple(
        file.path for file in artifact.files if file.path.lower().endswith(PICKLE_SUFFIXES)
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
