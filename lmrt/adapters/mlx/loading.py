"""Loading: a model with everything that runs it, or an error and nothing left behind."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from attrs import evolve

from lmrt.adapters.mlx import building, errors
from lmrt.adapters.mlx.batching import batches
from lmrt.adapters.mlx.caches import CacheMaker, rounding_of, states
from lmrt.adapters.mlx.config import normalised
from lmrt.adapters.mlx.engine import Engine, api
from lmrt.adapters.mlx.facts import loaded_facts
from lmrt.adapters.mlx.limits import limits_of, set_limits
from lmrt.adapters.mlx.model import MlxModel
from lmrt.adapters.mlx.refusals import Refused, check_rotations, missing_window
from lmrt.adapters.mlx.roster import Computing, Roster
from lmrt.adapters.mlx.scratch import Scratch
from lmrt.domain.errors import LoadFailed
from lmrt.domain.plans import OnCpu, OnDevice, Placement, RuntimePlan, device_of
from lmrt.ports.backend import LoadProgress

_TRIAL_TOKEN = 0

_CPU_PIECE = 64
"""Tokens of a prompt that a step computes at most on the CPU: there 512 of a model of 14 million
parameters took 15 seconds, and a released sequence ends only with the step."""


def load_model(plan: RuntimePlan, root: Path, progress: LoadProgress | None) -> MlxModel:
    """Load the plan's artifact; see `Backend.load`."""
    engine = api()
    device = _device(engine, plan.chosen.placement)
    with ExitStack() as resources, engine.core.stream(device):
        resources.callback(engine.core.clear_cache)
        if not isinstance(plan.chosen.placement, OnCpu):
            core, estimate = engine.core, plan.chosen.memory
            limits = limits_of(estimate, core.device_info(), core.get_active_memory())
            set_limits(core, limits, resources)
        relay = _Relay(progress)
        failure: LoadFailed | None = None
        try:
            return _load(engine, plan, root, relay, device, resources)
        except Refused as refusal:
            failure = errors.refused(root, str(refusal), refusal.hint)
        except (Exception, SystemExit) as error:  # a model's file may raise, or exit, as it likes
            if error is relay.error:
                raise
            failure = errors.load_failed(root, error, plan.chosen.placement)
    # Raised out here, so that nothing holds on to the frames that know the weights
    raise failure


def _load(
    engine: Engine,
    plan: RuntimePlan,
    root: Path,
    relay: "_Relay",
    device: Any,
    resources: ExitStack,
) -> MlxModel:
    settings = plan.settings
    config = normalised(building.read_config(root), settings.context_length)
    model = building.build(engine, plan.artifact, root, config)
    check_rotations(engine, model, config)
    window = missing_window(engine, model, config, settings.context_length)
    building.cast(engine, model, settings.dtype)
    weight_bytes = building.evaluate(engine, model, relay.tell)
    call = _last_logits(engine.core, model)
    maker = CacheMaker(engine, model, window)
    caches, size = _try(engine, call, maker)
    rounding = rounding_of(settings.kv_type, caches)
    if rounding is not None:
        maker = evolve(maker, rounding=rounding)
        caches, size = _try(engine, call, maker)
    facts = loaded_facts(engine, plan, model, caches, weight_bytes=weight_bytes, vocabulary=size)
    batched = rounding is None and batches(model)
    on_cpu = isinstance(plan.chosen.placement, OnCpu)
    piece = min(settings.batch_size, _CPU_PIECE) if on_cpu else settings.batch_size
    computing = Computing(engine, call, maker, piece, batched)
    return MlxModel(
        engine.core,
        device,
        facts=facts,
        roster=Roster(computing, facts),
        scratch=Scratch(engine.core, call, maker, piece),
        resources=resources.pop_all(),
    )


def _device(engine: Engine, placement: Placement) -> Any:
    """Return the engine's device of a placement.

    Raises:
        LoadFailed: The engine does not see it (`engine-load-failed`).
    """
    match placement:
        case OnCpu():
            return engine.core.cpu
        case OnDevice("metal") if engine.core.metal.is_available():
            return engine.core.gpu
        case _:
            raise errors.no_device(device_of(placement))


def _last_logits(core: Any, model: Any) -> Callable[..., Any]:
    """Return a function of tokens and caches that gives the last token's logits, in 32 bits.

    Shapes: (sequences, tokens) to (sequences, 1, vocabulary).
    """

    def call(tokens: Any, cache: Any) -> Any:
        return model(tokens, cache=cache)[:, -1:].astype(core.float32)

    return call


def _try(engine: Engine, call: Callable[..., Any], maker: CacheMaker) -> tuple[list[Any], int]:
    """Compute one token; return its caches and the number of logits.

    What the model cannot compute shows here, and not in the first prompt; and only caches that
    hold something tell the type and the sizes of what is in them.
    """
    caches = maker()
    logits = call(engine.core.array([[_TRIAL_TOKEN]]), cache=caches)
    engine.core.eval(logits, states(caches))
    return caches, int(logits.shape[-1])


class _Relay:
    """Passes progress on, and knows what the caller's function raised.

    Attributes:
        error: What it raised, or None.
    """

    def __init__(self, progress: LoadProgress | None) -> None:
        self._progress = progress
        self.error: BaseException | None = None

    def tell(self, share: float) -> None:
        """Tell the caller."""
        if self._progress is None:
            return
        try:
            self._progress(share)
        except BaseException as error:
            self.error = error
            raise
