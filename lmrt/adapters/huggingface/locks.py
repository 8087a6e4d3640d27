"""Locks between processes, so that two of them fetch once."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

_AT_ONCE = 0.05
"""Seconds after which a lock counts as held by another."""


@contextmanager
def held(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold a lock; it ends with the process, however that ends.

    huggingface_hub's own lock is taken, which copes with file systems that have none.

    Args:
        path: The lock's file.
        waiting: Called once where another process holds it, before waiting for that.

    Raises:
        OSError: The file cannot be made.
    """
    from huggingface_hub.utils import WeakFileLock  # type: ignore[attr-defined]

    path.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        try:
            stack.enter_context(WeakFileLock(path, timeout=_AT_ONCE))
        except TimeoutError:
            waiting()
            stack.enter_context(WeakFileLock(path))
        yield
