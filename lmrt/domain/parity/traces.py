"""What one backend made of one prompt."""

from attrs import frozen

from lmrt.domain.sequences import EndReason


@frozen
class Trace:
    """A prompt's way through a backend.

    Attributes:
        text: The rendered prompt.
        tokens: Its token ids.
        answer: The token ids that the backend drew greedily, an end token among them.
        ended: Why it drew no more.
    """

    text: str
    tokens: tuple[int, ...]
    answer: tuple[int, ...]
    ended: EndReason
