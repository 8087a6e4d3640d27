"""The engine's KV cache and recurrent state, sequence by sequence."""

from typing import Any

from lmrt.domain.sequences import PrefixReuse


class EngineMemory:
    """What a context remembers of each sequence; the `slots.Memory` of the engine."""

    def __init__(self, api: Any, context: int, *, recurrent: bool, window: int) -> None:
        """Look at a context.

        Args:
            api: The engine's C API.
            context: Pointer to the context.
            recurrent: Whether some layers keep one state that cannot go back in time.
            window: Tokens that sliding-window layers look back at, 0 where there are none.
        """
        self._api = api
        self._memory = api.llama_get_memory(context)
        self._recurrent = recurrent
        self._window = window

    @property
    def reuse(self) -> PrefixReuse:
        """Which earlier text can always be started from."""
        if self._recurrent or self._window:
            return PrefixReuse.CHECKPOINT
        return PrefixReuse.ANY

    def can_resume(self, sequence: int, length: int, filled: int) -> bool:
        """Return whether the state after `length` of the `filled` tokens is still there."""
        if length == filled:
            return True
        if self._recurrent:
            return False
        oldest = self._api.llama_memory_seq_pos_min(self._memory, sequence)
        return bool(oldest <= max(0, length - self._window)) if self._window else True

    def can_share(self) -> bool:
        """Return whether two sequences can have their first tokens in common."""
        return not self._recurrent

    def cut(self, sequence: int, length: int) -> bool:
        """Forget everything but the first `length` tokens; False where that cannot be done."""
        return bool(self._api.llama_memory_seq_rm(self._memory, sequence, length, -1))

    def share(self, source: int, target: int, length: int) -> None:
        """Give the empty `target` the first `length` tokens of `source`, without copying them."""
        self._api.llama_memory_seq_cp(self._memory, source, target, 0, length)
