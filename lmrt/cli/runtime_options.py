"""What the options of a command make of the user's settings."""

from pathlib import Path

from lmrt.cli.settings import Settings
from lmrt.domain.config import Preference, RuntimeConfig
from lmrt.domain.sizes import parse_size


def runtime_config(
    settings: Settings,
    model: str,
    *,
    backend: str | None,
    device: str | None,
    context: int | None,
    memory_budget: str | None,
    prefer: str | None,
    models_dir: Path | None,
    kv_type: str | None = None,
    dtype: str | None = None,
    strict: bool = False,
    allow_unsafe_weights: bool = False,
) -> RuntimeConfig:
    """Return the configuration that the options ask for, over the user's settings.

    Raises:
        ConfigurationError: A value is outside its range (`invalid-option`).
    """
    budget = settings.memory_budget
    if memory_budget is not None:
        budget = parse_size("memory-budget", memory_budget)
    return RuntimeConfig(
        model,
        models_dir=models_dir if models_dir is not None else settings.models_dir,
        backend=backend if backend is not None else settings.backend,
        device=device if device is not None else settings.device,
        context_length=context if context is not None else settings.context,
        kv_type=kv_type if kv_type is not None else settings.kv_type,
        dtype=dtype if dtype is not None else settings.dtype,
        memory_budget=budget,
        prefer=prefer if prefer is not None else settings.prefer or Preference.BALANCED,
        offline=settings.offline,
        strict=strict or settings.strict,
        allow_unsafe_weights=allow_unsafe_weights,
    )
