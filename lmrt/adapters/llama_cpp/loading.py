"""Loading: the engine's model and context, or an error and nothing left behind."""

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from lmrt.adapters.llama_cpp import engine, errors, logs
from lmrt.adapters.llama_cpp.abort import AbortFlag
from lmrt.adapters.llama_cpp.batch import Batch
from lmrt.adapters.llama_cpp.devices import engine_devices
from lmrt.adapters.llama_cpp.facts import effective_kv_type, logged_facts
from lmrt.adapters.llama_cpp.memory import EngineMemory
from lmrt.adapters.llama_cpp.model import LlamaCppModel
from lmrt.adapters.llama_cpp.progress import ProgressRelay
from lmrt.adapters.llama_cpp.scratch import ScratchContext
from lmrt.adapters.llama_cpp.settings import batch_capacity, context_params, model_params
from lmrt.domain.batching.releases import Releases
from lmrt.domain.errors import LoadFailed
from lmrt.domain.failures import Unsupported, load_failed
from lmrt.domain.plans import RuntimePlan
from lmrt.domain.sequences import LoadedFacts
from lmrt.ports.backend import LoadProgress

_SHORTER_THAN_TRAINED = "the full capacity of the model will not be utilized"


def load_model(plan: RuntimePlan, root: Path, progress: LoadProgress | None) -> LlamaCppModel:
    """Load the plan's artifact; see `Backend.load`."""
    api = engine.api()
    path = root / plan.artifact.files[0].path
    with ExitStack() as resources, logs.capture() as lines:
        logs.take_errors()
        model = _open_model(api, path, plan, progress, resources)
        abort = AbortFlag()
        context = _open_context(api, path, model, plan, abort, resources)
        memory = EngineMemory(
            api,
            context,
            recurrent=bool(api.llama_model_is_recurrent(model) or api.llama_model_is_hybrid(model)),
            window=int(api.llama_model_n_swa(model)),
        )
        facts = _facts(api, model, context, plan, memory, lines)
        return LlamaCppModel(
            api,
            context,
            facts=facts,
            memory=memory,
            batch=Batch(api, batch_capacity(plan.settings), facts.max_sequences),
            releases=Releases(abort.set),
            scratch=ScratchContext(
                api, model, facts.vocabulary_size, plan.settings, plan.chosen.placement
            ),
            resources=resources.pop_all(),
        )


def _open_model(
    api: Any,
    path: Path,
    plan: RuntimePlan,
    progress: LoadProgress | None,
    resources: ExitStack,
) -> int:
    relay = ProgressRelay(api, progress)
    wanted = model_params(api, plan.chosen.placement, engine_devices(), relay.callback)
    model = api.llama_model_load_from_file(os.fsencode(path), wanted.params)
    if model:
        resources.callback(api.llama_model_free, model)
    relay.raise_error()
    if not model:
        raise errors.load_failed(path, logs.take_errors(), plan.chosen.placement)
    if api.llama_model_has_encoder(model) or api.llama_model_is_diffusion(model):
        raise _not_autoregressive(path, plan.artifact.architecture)
    return int(model)


def _open_context(
    api: Any, path: Path, model: int, plan: RuntimePlan, abort: AbortFlag, resources: ExitStack
) -> int:
    params = context_params(api, plan.settings, plan.chosen.placement, abort)
    context = api.llama_init_from_model(model, params)
    if not context:
        raise errors.load_failed(path, logs.take_errors(), plan.chosen.placement)
    resources.callback(api.llama_free, context)
    return int(context)


def _facts(
    api: Any,
    model: int,
    context: int,
    plan: RuntimePlan,
    memory: EngineMemory,
    lines: list[logs.LogLine],
) -> LoadedFacts:
    logged = logged_facts(lines)
    warnings = logs.warnings_in(lines)
    return LoadedFacts(
        context_length=int(api.llama_n_ctx_seq(context)),
        kv_type=effective_kv_type(logged, plan.settings.kv_type),
        flash_attention=logged.flash_attention,
        layers_on_device=logged.layers_on_device,
        weight_bytes=int(api.llama_model_size(model)),
        max_sequences=int(api.llama_n_seq_max(context)),
        prefix_reuse=memory.reuse,
        vocabulary_size=int(api.llama_vocab_n_tokens(api.llama_model_get_vocab(model))),
        engine=f"llama.cpp {api.llama_version().decode()}",
        # That the context is shorter than the trained one is the plan's own decision.
        warnings=tuple(line for line in warnings if _SHORTER_THAN_TRAINED not in line),
    )


def _not_autoregressive(path: Path, architecture: str) -> LoadFailed:
    return load_failed(
        f"`{path}` is no model that writes text token by token",
        Unsupported(f"`{architecture}` models are not"),
        context={"path": str(path), "architecture": architecture},
    )
