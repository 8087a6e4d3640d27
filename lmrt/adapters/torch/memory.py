"""The KV cache, sequence by sequence."""

from attrs import frozen

from lmrt.adapters.torch.cache import PoolCache
from lmrt.adapters.torch.cells import CellTable


@frozen(eq=False)
class PoolMemory:
    """What the cache remembers of each sequence; the `slots.Memory` of the engine.

    Attributes:
        cache: The tensors.
        table: Which cells are whose.
    """

    cache: PoolCache
    table: CellTable

    def can_resume(self, sequence: int, length: int, filled: int) -> bool:  # noqa: ARG002
        """Return that the state after any of the tokens is still there: each has its own cell."""
        return True

    def can_share(self) -> bool:
        """Return that two sequences can have their first tokens in common."""
        return True

    def cut(self, sequence: int, length: int) -> bool:
        """Forget everything but the first `length` tokens."""
        gone = self.table.cut(sequence, length)
        if gone:
            self.cache.own(sequence, gone, owned=False)
        return True

    def share(self, source: int, target: int, length: int) -> None:
        """Give the empty `target` the first `length` tokens of `source`, without copying them."""
        self.cache.own(target, self.table.share(source, target, length), owned=True)
