"""What the doctor needs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lmrt.bootstrap.models import bundled_models

if TYPE_CHECKING:
    from lmrt.domain.remedies_engine import EngineAdvice
    from lmrt.domain.remedies_machine import MemoryHolder
    from lmrt.ports.doctor import Examiner, HealthCheck


def examiner(command: Sequence[str], seconds: float) -> "Examiner":
    """Return what tries backends out for the doctor.

    Args:
        command: Begins the child process that tries one.
        seconds: How long a child may take.
    """
    from lmrt.adapters.children import ChildExaminer
    from lmrt.wire.examination import read_report_line

    return ChildExaminer(command, read_report_line, seconds)


def engine_advice() -> "Mapping[str, EngineAdvice]":
    """Return the commands that mend each backend's engine, by the backend's id."""
    from lmrt.adapters.llama_cpp.advice import ADVICE as LLAMA_CPP
    from lmrt.adapters.mlx.advice import ADVICE as MLX
    from lmrt.adapters.torch.advice import ADVICE as TORCH

    return {"llama.cpp": LLAMA_CPP, "mlx": MLX, "torch": TORCH}


def memory_holders() -> "tuple[MemoryHolder, ...]":
    """Return the programs that hold most of the memory."""
    from lmrt.adapters.machine.health import memory_holders

    return memory_holders()


def health_checks(
    models_dir: Path | None, *, token: str | None, online: bool
) -> "tuple[HealthCheck, ...]":
    """Return what looks at the setup for the doctor.

    Args:
        models_dir: Root of local models, or None for the default one.
        token: What the environment gives as the Hub's token, or None.
        online: Whether the Hub is asked; else no socket is opened.
    """
    from lmrt.adapters.filesystem.health import FoldersCheck
    from lmrt.adapters.huggingface.cache import default_cache
    from lmrt.adapters.huggingface.cache_health import CacheCheck
    from lmrt.adapters.huggingface.hub_health import HubCheck
    from lmrt.adapters.machine.health import FileLimitCheck

    home, cache = Path.home(), default_cache()
    return (
        FoldersCheck(models_dir, bundled_models()),
        FileLimitCheck(),
        CacheCheck(cache, home, usual=cache == home / ".cache" / "huggingface" / "hub"),
        HubCheck(token, online),
    )
