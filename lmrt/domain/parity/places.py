"""Where two answers part, and where their logits have to be compared."""

from attrs import frozen

from lmrt.domain.batching.slots import common_prefix
from lmrt.domain.parity.traces import Trace
from lmrt.domain.sequences import EndReason


@frozen
class Place:
    """The place in two answers that is looked at more closely.

    Attributes:
        position: Tokens of the answers before it, all of them the same.
        diverged: The two tokens drawn there, or None where they are the same too.
        before: All tokens before it, the prompt's first.
    """

    position: int
    diverged: tuple[int, int] | None
    before: tuple[int, ...]


def shared_answer(one: Trace, other: Trace) -> int:
    """Return how many tokens the answers have in common at their start."""
    return common_prefix(list(one.answer), list(other.answer))


def ends_alone(one: Trace, other: Trace) -> bool:
    """Return whether the first answer ends with an end token where the second goes on."""
    shared = shared_answer(one, other)
    over = shared == len(one.answer) < len(other.answer)
    return over and one.ended is EndReason.END_TOKEN


def place_of(one: Trace, other: Trace) -> Place | None:
    """Return the first place at which the answers differ, else the last that both have.

    None where their logits do not compare: the prompts are different tokens.
    """
    if one.tokens != other.tokens:
        return None
    shared = shared_answer(one, other)
    if shared < min(len(one.answer), len(other.answer)):
        drawn = (one.answer[shared], other.answer[shared])
        return Place(shared, drawn, one.tokens + one.answer[:shared])
    last = max(shared - 1, 0)
    return Place(last, None, one.tokens + one.answer[:last])
