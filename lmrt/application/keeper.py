"""Keeps the last loaded runtime, and lends it to concurrent requests."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition

from attrs import define, field, frozen

from lmrt.application.loader import Needs, RuntimeLoader
from lmrt.application.runtime import LoadedRuntime
from lmrt.application.scheduler import runtime_closed
from lmrt.domain.config import RuntimeConfig


@frozen
class _Key:
    """What makes two requests share a runtime.

    The request, not the plan: planning again after the load would find less free memory and could
    come to another plan.
    """

    config: RuntimeConfig
    needs: Needs


@define
class _Kept:
    key: _Key
    runtime: LoadedRuntime
    users: int = field(default=0)


class RuntimeKeeper:
    """Lends one loaded runtime to any number of requests that ask for the same.

    A request for another waits until the present one is idle, frees it, and loads its own, so
    that two models are never in memory at once. So does a request for a runtime whose engine has
    failed.
    """

    def __init__(self, loader: RuntimeLoader) -> None:
        self._loader = loader
        self._changed = Condition()
        self._kept: _Kept | None = None
        self._closed = False

    @contextmanager
    def borrow(self, config: RuntimeConfig, needs: Needs) -> Iterator[tuple[LoadedRuntime, float]]:
        """Lend a runtime, with the seconds that its load took for this request (0 if kept)."""
        kept, seconds = self._acquire(_Key(config, needs))
        try:
            yield kept.runtime, seconds
        finally:
            with self._changed:
                kept.users -= 1
                self._changed.notify_all()

    def close(self) -> None:
        """End what runs and free the runtime; a second call does nothing."""
        with self._changed:
            self._closed = True
            kept, self._kept = self._kept, None
            self._changed.notify_all()
        if kept is not None:
            kept.runtime.close()

    def _acquire(self, key: _Key) -> tuple[_Kept, float]:
        with self._changed:
            while True:
                if self._closed:
                    raise runtime_closed()
                kept = self._kept
                if kept is not None and kept.key == key and not kept.runtime.failed:
                    kept.users += 1
                    return kept, 0.0
                if kept is None or kept.users == 0:
                    return self._replace(key)
                self._changed.wait()

    def _replace(self, key: _Key) -> tuple[_Kept, float]:
        """Load another runtime; the lock is held, so that nobody loads a second one beside it."""
        if self._kept is not None:
            kept, self._kept = self._kept, None
            kept.runtime.close()
        runtime = self._loader.load(key.config, key.needs)
        self._kept = _Kept(key, runtime, users=1)
        return self._kept, runtime.load_seconds
