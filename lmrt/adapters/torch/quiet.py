"""Loading without a word on the terminal: bars become progress, warnings become facts."""

import logging
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from lmrt.adapters.torch import engine

_LOGGER = "transformers"
_one_at_a_time = threading.Lock()


class Bar:
    """Takes the place of a progress bar.

    Args:
        items: What is gone through.
        tell: Told the share that is done, 0 to 1.
        options: The bar's own; the number of items may be among them.
    """

    def __init__(
        self, items: Iterable[Any] | None, tell: Callable[[float], None], **options: Any
    ) -> None:
        self._items = () if items is None else items
        self._tell = tell
        counted = options.get("total") or getattr(self._items, "__len__", lambda: 0)()
        self._total, self._done = max(int(counted), 1), 0

    def __iter__(self) -> Iterator[Any]:
        for item in self._items:
            yield item
            self.update()

    def update(self, count: int = 1) -> None:
        """Take note of items that are done."""
        self._done += count
        self._tell(min(1.0, self._done / self._total))

    def __getattr__(self, name: str) -> Callable[..., None]:
        return _nothing

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, *_error: object) -> None:
        return None


def _nothing(*_arguments: object, **_options: object) -> None:
    """Do what a bar's other methods do here."""


class _Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(" ".join(record.getMessage().split()))


@contextmanager
def quiet(tell: Callable[[float], None]) -> Iterator[list[str]]:
    """Collect what the engine warns of inside the block, and tell how far its bar is.

    Bars, loggers and warnings are the process's, so one load at a time goes through here.

    Args:
        tell: Told the share of the tensors that are loaded, 0 to 1.
    """
    log = engine.transformers().utils.logging
    logger, kept = logging.getLogger(_LOGGER), _Kept()

    def bar(_factory: object, arguments: tuple[Any, ...], options: dict[str, Any]) -> Bar:
        return Bar(arguments[0] if arguments else options.pop("iterable", None), tell, **options)

    with _one_at_a_time, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        handlers, passes_on, before = logger.handlers[:], logger.propagate, log.set_tqdm_hook(bar)
        logger.handlers, logger.propagate = [kept], False
        try:
            yield kept.lines
        finally:
            logger.handlers, logger.propagate = handlers, passes_on
            log.set_tqdm_hook(before)
            kept.lines += [" ".join(str(each.message).split()) for each in warned]
