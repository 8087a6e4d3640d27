"""Load progress: from the engine's callback to the caller's."""

from typing import Any

from lmrt.ports.backend import LoadProgress


class ProgressRelay:
    """Passes progress on, and stops the load when the caller's function raises.

    Ctrl-C arrives inside the callback too, where ctypes would swallow it.

    Attributes:
        callback: For the engine's parameters; it lives as long as this object.
    """

    def __init__(self, api: Any, progress: LoadProgress | None) -> None:
        self._progress = progress
        self._error: BaseException | None = None
        self.callback = api.llama_progress_callback(self._tell)

    def _tell(self, share: float, _user_data: object) -> bool:
        try:
            if self._progress is not None:
                self._progress(min(1.0, max(0.0, share)))
        except BaseException as error:  # noqa: BLE001 - raised again by `raise_error`
            self._error = error
        return self._error is None

    def raise_error(self) -> None:
        """Raise what the caller's function raised, once the engine has returned."""
        if self._error is not None:
            raise self._error
