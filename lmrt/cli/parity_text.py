"""A parity report for people."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lmrt.cli.ledger import fixes, reasons
from lmrt.domain.parity.judging import PromptComparison
from lmrt.domain.parity.precision import FACTOR, LARGEST_SHARE, Precision
from lmrt.domain.parity.report import CannotLoad, CannotRun, PairComparison, ParityReport
from lmrt.domain.parity.verdicts import Agree, Disagree, Explained, Verdict

if TYPE_CHECKING:
    from rich.table import Table

_SHOWN = 5
"""Prompts of a pair that are told one by one."""


def backend_table(report: ParityReport) -> "Table":
    """Return what ran."""
    from rich.markup import escape

    table = _table("backend", "artifact", "weights", "KV cache", "path", "tokens/s")
    for run in report.backends:
        rate = "-" if run.decode_rate is None else f"{run.decode_rate:,.1f}"
        table.add_row(
            run.backend,
            escape(run.artifact),
            _weights(run.precision),
            str(run.precision.kv_type),
            run.specialization,
            rate,
        )
    return table


def pair_table(report: ParityReport) -> "Table":
    """Return how every two compare, over all prompts."""
    table = _table(
        "backends", "same text", "same ids", "same tokens", "logits apart", "tolerance", "top 10",
        "verdict",
    )  # fmt: skip
    for pair in report.pairs:
        total = len(pair.prompts)
        apart, tolerance = _widest(pair)
        table.add_row(
            " / ".join(pair.backends),
            f"{sum(row.same_text for row in pair.prompts)} of {total}",
            f"{sum(row.same_tokens for row in pair.prompts)} of {total}",
            _shared_tokens(pair),
            apart,
            tolerance,
            _shared_top(pair),
            _verdict_word(pair.verdict),
        )
    return table


def explanation_lines(report: ParityReport) -> Iterator[str]:
    """Yield the rule behind the verdicts, and the prompts that do not simply agree."""
    yield (
        f"tolerance: {FACTOR:g} x the coarsest rounding, at most {LARGEST_SHARE:g}, x the spread "
        "of the logits"
    )
    for pair in report.pairs:
        unit = pair.rounding.unit
        yield f"  {' / '.join(pair.backends)}: {pair.rounding.what}, off by up to {unit:.1e}"
    for pair in report.pairs:
        yield from _remarks(pair)


def left_out_lines(report: ParityReport) -> Iterator[str]:
    """Yield which backends were left out and why, with what would bring them in."""
    remedies: dict[str, None] = {}
    for left in report.left_out:
        match left.why:
            case CannotRun(rows):
                told = dict.fromkeys(reason for row in rows for reason in reasons(row))
                remedies |= dict.fromkeys(fixes(rows))
            case CannotLoad(code, message, note, hint):
                told = dict.fromkeys([f"{code}: {message}" + (f": {note}" if note else "")])
                remedies |= dict.fromkeys(filter(None, [hint]))
        yield from (f"left out: {left.backend}: {reason}" for reason in told)
    yield from (f"fix: {remedy}" for remedy in remedies)


def _remarks(pair: PairComparison) -> Iterator[str]:
    remarkable = [row for row in pair.prompts if not isinstance(row.verdict, Agree)]
    for row in remarkable[:_SHOWN]:
        yield f"{' / '.join(pair.backends)}, prompt {row.prompt + 1}: {_remark(row)}"
    if len(remarkable) > _SHOWN:
        yield f"{' / '.join(pair.backends)}: {len(remarkable) - _SHOWN} more prompts, see `--json`"


def _remark(row: PromptComparison) -> str:
    match row.verdict:
        case Disagree(stage, reason):
            return f"{stage}: {reason}"
        case Explained(reason):
            return f"explained: {reason}"
        case Agree():
            return "agree"


def _verdict_word(verdict: Verdict) -> str:
    match verdict:
        case Agree():
            return "agree"
        case Explained():
            return "explained"
        case Disagree(stage, _):
            return f"disagree: {stage}"


def _shared_tokens(pair: PairComparison) -> str:
    """Return how many tokens of the answers agree from their start, of the longer answers'."""
    shared = sum(row.shared_tokens or 0 for row in pair.prompts)
    return f"{shared:,} of {sum(max(row.answer_tokens) for row in pair.prompts):,}"


def _widest(pair: PairComparison) -> tuple[str, str]:
    """Return the difference of logits that comes closest to its tolerance or exceeds it most."""
    found = [row.logits for row in pair.prompts if row.logits is not None]
    if not found:
        return "-", "-"
    if any(row.largest_difference is None for row in found):
        return "no numbers", "-"
    figures = [(row.largest_difference or 0.0, row.tolerance) for row in found]
    apart, tolerance = max(figures, key=_excess)
    return f"{apart:.1e}", f"{tolerance:.1e}"


def _excess(figures: tuple[float, float]) -> float:
    apart, tolerance = figures
    return apart / tolerance if tolerance else (float("inf") if apart else 0.0)


def _shared_top(pair: PairComparison) -> str:
    found = [row.logits for row in pair.prompts if row.logits is not None]
    if not found:
        return "-"
    return f"{sum(row.shared_top for row in found)} of {sum(row.top for row in found)}"


def _weights(precision: Precision) -> str:
    if precision.loaded in (None, precision.stored.lower()):
        return precision.stored
    return f"{precision.stored} as {precision.loaded}"


def _table(*names: str) -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in names:
        table.add_column(name, overflow="fold")
    return table
