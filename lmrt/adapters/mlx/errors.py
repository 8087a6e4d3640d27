"""What goes wrong inside the engine, in the project's own errors."""

from pathlib import Path

from lmrt.adapters.mlx.failures import failure_from
from lmrt.domain import failures as domain
from lmrt.domain.errors import ConfigurationError, GenerationFailed, LoadFailed
from lmrt.domain.plans import Placement

_DOCTOR = "`rt doctor` shows what is wrong with the backend"
_LONGEST = 300
_HINTS = {
    "[GatherMM::eval] Currently only supports float32": (
        "take `--dtype f32`, in which MLX computes experts on the CPU"
    ),
}


def engine_missing(error: BaseException) -> LoadFailed:
    """Return the error for an engine that cannot be imported."""
    return domain.load_failed(
        "mlx-lm cannot be imported", domain.EngineUnusable(told(error)), hint=_DOCTOR
    )


def no_device(device: str) -> LoadFailed:
    """Return the error for a device that the engine does not see."""
    return LoadFailed(
        f"MLX does not see the device `{device}`",
        code="engine-load-failed",
        context={"device": device},
        note="it computes on `metal`, the GPU of Apple chips, and on `cpu`, each as a whole",
    )


def load_failed(path: Path, error: BaseException, placement: Placement) -> LoadFailed:
    """Return the error for a model that the engine refused."""
    note = told(error)
    known = (advice for sign, advice in _HINTS.items() if sign in note)
    return _failed(path, failure_from(error, placement, note), next(known, None))


def refused(path: Path, reason: str, hint: str | None) -> LoadFailed:
    """Return the error for a model that we refuse to run on the engine."""
    return _failed(path, domain.Unsupported(reason), hint)


def _failed(path: Path, failure: domain.LoadFailure, hint: str | None) -> LoadFailed:
    return domain.load_failed(
        f"mlx-lm could not load `{path}`", failure, context={"path": str(path)}, hint=hint
    )


def generation_failed(error: BaseException) -> GenerationFailed:
    """Return the error for a step that the engine could not compute."""
    return GenerationFailed(
        "MLX failed to compute a step",
        code="generation-failed",
        note=told(error),
    )


def closed() -> ConfigurationError:
    """Return the error for a call on a model that was closed."""
    return ConfigurationError("the model is closed", code="runtime-closed")


def told(error: BaseException) -> str:
    """Return the kind and the message of an exception as one line of bounded length."""
    text = " ".join(str(error).split())
    if len(text) > _LONGEST:
        text = text[: _LONGEST - 1] + "…"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
