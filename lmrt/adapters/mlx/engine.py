"""The engine's modules, imported on first use."""

import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from attrs import frozen

from lmrt.adapters.mlx import errors

_importing = threading.Lock()
_here = threading.local()


@frozen
class Engine:
    """What of the engine is used.

    Attributes:
        core: `mlx.core`.
        nn: `mlx.nn`.
        trees: `mlx.utils`.
        caches: `mlx_lm.models.cache`.
        ropes: `mlx_lm.models.rope_utils`.
        loader: `mlx_lm.utils`.
        generator: The class `BatchGenerator`.
        version: Of MLX and mlx-lm, for people.
    """

    core: Any
    nn: Any
    trees: Any
    caches: Any
    ropes: Any
    loader: Any
    generator: Any
    version: str


def api() -> Engine:
    """Return the engine's modules.

    Raises:
        LoadFailed: They cannot be imported (`engine-load-failed`).
    """
    with _importing:
        engine = _import()
    lasting = threading.current_thread() is threading.main_thread()
    if not lasting and not hasattr(_here, "streams"):
        _here.streams = _Streams(engine.core)
    return engine


class _Streams:
    """Destroys a thread's streams of the engine when the thread ends.

    Without that, the process is aborted at its exit, though not every time: the engine keeps
    state of the thread that imported it, and waits for no thread that computes it.
    """

    def __init__(self, core: Any) -> None:
        self._clear = core.clear_streams

    def __del__(self) -> None:
        self._clear()


@cache
def _import() -> Engine:
    try:
        with _file_limit_kept():
            import mlx.core as core
            import mlx_lm
            from mlx import nn
            from mlx import utils as trees
            from mlx_lm import utils as loader
            from mlx_lm.generate import BatchGenerator
            from mlx_lm.models import cache as caches
            from mlx_lm.models import rope_utils as ropes
    except (ImportError, OSError, RuntimeError, AttributeError, ValueError) as error:
        raise errors.engine_missing(error) from error
    untyped: Any = core
    version = f"MLX {untyped.__version__}, mlx-lm {mlx_lm.__version__}"
    return Engine(core, nn, trees, caches, ropes, loader, BatchGenerator, version)


@contextmanager
def _file_limit_kept() -> Iterator[None]:
    """Keep the engine from lowering how many files the process may open, as its import does.

    Putting the limit back afterwards is not enough: only the superuser may raise a hard limit.
    """
    original = resource.setrlimit

    def set_others(which: int, limits: tuple[int, int]) -> None:
        if which != resource.RLIMIT_NOFILE:
            original(which, limits)

    resource.setrlimit = set_others
    try:
        yield
    finally:
        resource.setrlimit = original
