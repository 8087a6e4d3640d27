"""Each engine's own loop, as a user of the engine alone would write it.

Every module has one class with `run(prompts, count)`: it prefills the prompts together, then draws
`count` tokens of each greedily, and returns the seconds of both parts.
"""

from typing import Protocol

from attrs import frozen


@frozen
class Times:
    """Seconds of one run.

    Attributes:
        prefill: Until the first token of every prompt.
        decode: Of all tokens after the first.
    """

    prefill: float
    decode: float


class Bare(Protocol):
    """One engine's own loop over one loaded model."""

    def run(self, prompts: list[list[int]], count: int) -> Times:
        """Prefill prompts of equal length, then draw `count` more tokens of each."""
        ...

    def close(self) -> None:
        """Free the model."""
        ...
