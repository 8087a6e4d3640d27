"""From what two backends made of a prompt to a verdict."""

from attrs import frozen

from lmrt.domain.files import printable
from lmrt.domain.parity.logits import LogitComparison, Row, compare_logits
from lmrt.domain.parity.places import ends_alone, place_of, shared_answer
from lmrt.domain.parity.precision import Rounding
from lmrt.domain.parity.traces import Trace
from lmrt.domain.parity.verdicts import Agree, Disagree, Explained, Stage, Verdict

_BEFORE, _AFTER = 8, 24
"""Characters that are shown of two texts before and after the place where they part."""


@frozen
class PromptComparison:
    """One prompt on two backends.

    Attributes:
        prompt: Which one, counted from 0.
        same_text: Whether both rendered the same text.
        same_tokens: Whether that gave the same token ids.
        shared_tokens: Tokens that the answers have in common at their start, or None where the
            prompts are different tokens.
        answer_tokens: How many tokens each of them drew.
        logits: The logits at the first place where the answers differ, else at the last token; None
            where the prompts are different tokens.
        verdict: What comes of it.
    """

    prompt: int
    same_text: bool
    same_tokens: bool
    shared_tokens: int | None
    answer_tokens: tuple[int, int]
    logits: LogitComparison | None
    verdict: Verdict


@frozen
class Side:
    """One of the two backends that are compared: its id, and what it made of the prompt."""

    backend: str
    trace: Trace


def judge(
    prompt: int, one: Side, other: Side, rows: tuple[Row, Row] | None, rounding: Rounding
) -> PromptComparison:
    """Compare what two backends made of a prompt.

    Args:
        prompt: Which prompt it is.
        one: The first backend.
        other: The second.
        rows: Both backends' logits at `place_of` the two traces, or None where that is None.
        rounding: What may put their logits apart.
    """
    first, second = one.trace, other.trace
    place = place_of(first, second)
    compared = None
    if place is not None and rows is not None:
        compared = compare_logits(place, *rows, rounding)
    return PromptComparison(
        prompt=prompt,
        same_text=first.text == second.text,
        same_tokens=first.tokens == second.tokens,
        shared_tokens=None if place is None else shared_answer(first, second),
        answer_tokens=(len(first.answer), len(second.answer)),
        logits=compared,
        verdict=_verdict(one, other, compared, rounding),
    )


def _verdict(one: Side, other: Side, logits: LogitComparison | None, rounding: Rounding) -> Verdict:
    if one.trace.text != other.trace.text:
        return Disagree(Stage.RENDERED_PROMPT, _different_texts(one, other))
    if logits is None:
        return Disagree(Stage.TOKEN_IDS, _different_tokens(one, other))
    if (judged := _judge_logits(one, other, logits, rounding)) != Agree():
        return judged
    for ended, going in ((one, other), (other, one)):
        if ends_alone(ended.trace, going.trace):
            return Disagree(
                Stage.END,
                f"`{ended.backend}` ends its answer after {len(ended.trace.answer)} tokens, with "
                f"token {ended.trace.answer[-1]}; `{going.backend}` draws it too and goes on",
            )
    return Agree()


def _judge_logits(one: Side, other: Side, logits: LogitComparison, rounding: Rounding) -> Verdict:
    """Judge by the logits alone.

    Where the answers part, each of the two tokens' logits may be off by the tolerance, so that
    twice as much is explained of what lies between them.
    """
    where = f"after {logits.position} tokens of the answer"
    if logits.largest_difference is None:
        return Disagree(Stage.LOGITS, f"{where} some logits are missing or no numbers")
    figures = f"the {logits.tolerance:.2g} that {rounding.what} explains"
    if logits.largest_difference > logits.tolerance:
        apart = f"the logits are up to {logits.largest_difference:.2g} apart"
        return Disagree(Stage.LOGITS, f"{where} {apart}, more than {figures}")
    if logits.margin is None:
        return Agree()
    drawn = f"{where} `{one.backend}` and `{other.backend}` draw tokens {logits.margin:.2g} apart"
    if logits.margin > 2 * logits.tolerance:
        return Disagree(Stage.LOGITS, f"{drawn}, more than twice {figures}")
    return Explained(f"{drawn}, at most twice {figures}")


def _different_texts(one: Side, other: Side) -> str:
    texts = one.trace.text, other.trace.text
    pairs = enumerate(zip(*texts, strict=False))
    at = next((place for place, (a, b) in pairs if a != b), min(map(len, texts)))
    start = max(at - _BEFORE, 0)
    first, second = (printable(text[start : at + _AFTER]) for text in texts)
    return (
        f"the texts part at character {at + 1}: `{one.backend}` is given “{first}”, "
        f"`{other.backend}` “{second}”"
    )


def _different_tokens(one: Side, other: Side) -> str:
    first, second = one.trace.tokens, other.trace.tokens
    pairs = enumerate(zip(first, second, strict=False))
    at = next((place for place, (a, b) in pairs if a != b), min(len(first), len(second)))
    return (
        f"the ids part at token {at + 1}: `{one.backend}` is given {_ids(first[at:])}, "
        f"`{other.backend}` {_ids(second[at:])}"
    )


def _ids(tokens: tuple[int, ...]) -> str:
    shown = ", ".join(map(str, tokens[:4]))
    return f"[{shown}, …]" if len(tokens) > 4 else f"[{shown}]"
