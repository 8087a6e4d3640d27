"""The ledger of candidates: what was chosen, what was not, and why."""

from collections.abc import Sequence

from lmrt.domain.explanations import describe, fix
from lmrt.domain.plans import Alternative, Outranked, Rejected
from lmrt.domain.rejections import BackendUnavailable


def ledger_lines(alternatives: Sequence[Alternative]) -> list[str]:
    """Return one line for each reason against each candidate, and one for each remedy."""
    lines = [f"{title(row)}: {reason}" for row in alternatives for reason in reasons(row)]
    return [*lines, *(f"fix: {remedy}" for remedy in fixes(alternatives))]


def title(row: Alternative) -> str:
    """Return what a candidate is, in a few words."""
    place = f" on {row.device}" if row.device else ""
    return f"{row.artifact} · {row.backend}{place}"


def reasons(row: Alternative) -> list[str]:
    """Return why a candidate was not chosen, each with its code."""
    match row.why:
        case Outranked(reason):
            return [f"outranked: {reason}"]
        case Rejected(rejections):
            return [f"{rejection.code}: {describe(rejection)}" for rejection in rejections]


def installs(alternatives: Sequence[Alternative]) -> list[str]:
    """Return what would let further backends run, each once: all else is no fault of a plan."""
    found: dict[str, None] = {}
    for row in alternatives:
        for rejection in row.why.rejections if isinstance(row.why, Rejected) else ():
            if isinstance(rejection, BackendUnavailable) and rejection.fix:
                found.setdefault(rejection.fix)
    return list(found)


def fixes(alternatives: Sequence[Alternative]) -> list[str]:
    """Return the remedies of all rejections, each once, in their order."""
    found: dict[str, None] = {}
    for row in alternatives:
        match row.why:
            case Rejected(rejections):
                for rejection in rejections:
                    if remedy := fix(rejection):
                        found.setdefault(remedy)
            case Outranked():
                pass
    return list(found)
