"""What comes of a comparison."""

from enum import StrEnum

from attrs import frozen


class Stage(StrEnum):
    """Where two backends first differ, in the order of a prompt's way."""

    RENDERED_PROMPT = "rendered-prompt"
    TOKEN_IDS = "token-ids"  # noqa: S105 - not a password
    LOGITS = "logits"
    END = "end"


@frozen
class Agree:
    """Text, token ids and answers are the same, and the logits are as close as they have to be."""


@frozen
class Explained:
    """The answers part where rounding decides; `reason` has the figures."""

    reason: str


@frozen
class Disagree:
    """They differ by more than the data types explain.

    Attributes:
        stage: Where.
        reason: What differs, with figures.
    """

    stage: Stage
    reason: str


Verdict = Agree | Explained | Disagree


def worst(verdicts: tuple[Verdict, ...]) -> Verdict:
    """Return the first of the worst: any disagreement, else any that is explained."""
    return max(verdicts, key=_badness, default=Agree())


def _badness(verdict: Verdict) -> int:
    match verdict:
        case Agree():
            return 0
        case Explained():
            return 1
        case Disagree():
            return 2
