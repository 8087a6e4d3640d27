"""Load progress: from the engine's bar to the caller's function."""

from lmrt.ports.backend import LoadProgress

_WEIGHTS = 0.99


class ProgressRelay:
    """Passes progress on, never backwards.

    Attributes:
        error: What the caller's function raised, or None; it is no failure of the engine's.
    """

    def __init__(self, progress: LoadProgress | None) -> None:
        self._progress = progress
        self._told = -1.0
        self.error: BaseException | None = None

    def tell(self, share: float) -> None:
        """Pass a share on, 0 to 1."""
        if self._progress is None or share <= self._told:
            return
        self._told = share
        try:
            self._progress(share)
        except BaseException as error:
            self.error = error
            raise

    def tell_weights(self, share: float) -> None:
        """Pass on which share of the weights is loaded, 0 to 1."""
        self.tell(share * _WEIGHTS)
