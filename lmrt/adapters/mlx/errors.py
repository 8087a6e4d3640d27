"""What goes wrong inside the engine, in the project's own errors."""

from pathlib import Path

from lmrt.domain.errors import ConfigurationError, GenerationFailed, LoadFailed

_DOCTOR = "`rt doctor` shows what is wrong with the backend"
_LONGEST = 300
_HINTS = {
    "[GatherMM::eval] Currently only supports float32": (
        "take `--dtype f32`, in which MLX computes experts on the CPU"
    ),
}


def engine_missing(error: BaseException) -> LoadFailed:
    """Return the error for an engine that cannot be imported."""
    return LoadFailed(
        "mlx-lm cannot be imported",
        code="engine-load-failed",
        note=told(error),
        hint=_DOCTOR,
    )


def no_device(device: str) -> LoadFailed:
    """Return the error for a device that the engine does not see."""
    return LoadFailed(
        f"MLX does not see the device `{device}`",
        code="engine-load-failed",
        context={"device": device},
        note="it computes on `metal`, the GPU of Apple chips, and on `cpu`, each as a whole",
    )


def load_failed(path: Path, reason: BaseException | str, hint: str | None = None) -> LoadFailed:
    """Return the error for a model that the engine refused, or that we refuse to run on it."""
    note = reason if isinstance(reason, str) else told(reason)
    known = (advice for sign, advice in _HINTS.items() if sign in note)
    return LoadFailed(
        f"mlx-lm could not load `{path}`",
        code="engine-load-failed",
        context={"path": str(path)},
        note=note,
        hint=hint or next(known, None),
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
