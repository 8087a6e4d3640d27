"""What goes wrong inside the engine, in the project's own errors."""

from collections.abc import Iterable
from pathlib import Path
from pickle import UnpicklingError

from lmrt.adapters.torch.failures import failure_from
from lmrt.domain import failures as domain
from lmrt.domain.errors import ConfigurationError, GenerationFailed, LoadFailed
from lmrt.domain.plans import Placement

_DOCTOR = "`rt doctor` shows what is wrong with the backend"
_TOLD = 3


class UnsupportedError(Exception):
    """A model asks for something that this adapter does not have; the message says what."""


def engine_missing(error: Exception) -> LoadFailed:
    """Return the error for an engine that cannot be imported."""
    return domain.load_failed(
        "torch or transformers cannot be imported",
        domain.EngineUnusable(told(error)),
        hint=_DOCTOR,
    )


def device_missing(device: str, seen: Iterable[str]) -> LoadFailed:
    """Return the error for a device that the engine does not see."""
    names = ", ".join(f"`{name}`" for name in seen)
    return LoadFailed(
        f"torch does not see the device `{device}`",
        code="engine-load-failed",
        context={"device": device},
        note=f"it sees {names}",
    )


def load_failed(path: Path, error: Exception, placement: Placement) -> LoadFailed:
    """Return the error for a model that the engine, or this adapter, refused."""
    if isinstance(error, UnsupportedError):
        return _failed(path, domain.Unsupported(f"it needs {error}, which is not supported here"))
    if isinstance(error, UnpicklingError):
        said = "its pickle holds more than tensors, so it may execute code: nothing of it was run"
        hint = "do not trust this file: take the model's safetensors or GGUF files"
        return _failed(path, domain.Malformed(said), hint)
    return _failed(path, failure_from(error, placement, told(error)))


def refused(path: Path, note: str) -> LoadFailed:
    """Return the error for a model that cannot be run as planned; `note` says why."""
    return _failed(path, domain.Unsupported(note))


def _failed(path: Path, failure: domain.LoadFailure, hint: str | None = None) -> LoadFailed:
    return domain.load_failed(
        f"torch could not load `{path}`", failure, context={"path": str(path)}, hint=hint
    )


def tensors_differ(path: Path, what: str, names: Iterable[str]) -> LoadFailed:
    """Return the error for weights that are not those of the configuration's model."""
    listed = sorted(names)
    first = ", ".join(f"`{name}`" for name in listed[:_TOLD])
    more = f" and {len(listed) - _TOLD} more" if len(listed) > _TOLD else ""
    return _failed(path, domain.Malformed(f"{what} tensors: {first}{more}"))


def generation_failed(error: Exception) -> GenerationFailed:
    """Return the error for a step that the engine could not compute."""
    return GenerationFailed(
        "torch failed to compute a step",
        code="generation-failed",
        note=told(error),
    )


def closed() -> ConfigurationError:
    """Return the error for a call on a model that was closed."""
    return ConfigurationError("the model is closed", code="runtime-closed")


def told(error: Exception) -> str:
    """Return an exception as one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
