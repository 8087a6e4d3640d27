"""The document of `rt parity`: what each backend made of the prompts, and how every two compare."""

from typing import Any

from lmrt.domain.notices import Notice
from lmrt.domain.parity.judging import PromptComparison
from lmrt.domain.parity.precision import FACTOR, LARGEST_SHARE
from lmrt.domain.parity.report import (
    BackendRun,
    CannotLoad,
    CannotRun,
    LeftOut,
    PairComparison,
    ParityReport,
)
from lmrt.domain.parity.verdicts import Agree, Disagree, Explained, Verdict
from lmrt.domain.payloads import JsonObject
from lmrt.wire.documents import document
from lmrt.wire.plan import converter as plan_converter
from lmrt.wire.strict import strict_converter
from lmrt.wire.tagged import register_union

KIND = "parity"

_TYPES: dict[type, str] = {Agree: "agree", Explained: "explained", Disagree: "disagree"}


def parity_payload(report: ParityReport) -> JsonObject:
    """Return the document of a parity check.

    Logits and their differences have no unit; `unit` is a share of a value, `decode_rate` tokens a
    second.
    """
    return document(
        KIND,
        {
            "model_reference": report.model_reference,
            "model_name": report.model_name,
            "verdict": _verdict(report.verdict),
            "prompts": list(report.prompts),
            "backends": [_run(run) for run in report.backends],
            "pairs": [_pair(pair) for pair in report.pairs],
            "left_out": [_left_out(row) for row in report.left_out],
        },
    )


def _run(run: BackendRun) -> JsonObject:
    fields: JsonObject = _CONVERTER.unstructure(run)
    notices = [plan_converter.unstructure(notice, Notice) for notice in run.notices]
    return {**fields, "notices": notices}


def _pair(pair: PairComparison) -> JsonObject:
    rounding = {
        "what": pair.rounding.what,
        "unit": pair.rounding.unit,
        "factor": FACTOR,
        "largest_share": LARGEST_SHARE,
    }
    return {
        "backends": list(pair.backends),
        "rounding": rounding,
        "verdict": _verdict(pair.verdict),
        "prompts": [_compared(compared) for compared in pair.prompts],
    }


def _compared(compared: PromptComparison) -> JsonObject:
    fields: JsonObject = _CONVERTER.unstructure(compared)
    return fields


def _left_out(left: LeftOut) -> JsonObject:
    match left.why:
        case CannotRun(rejected):
            rows = [plan_converter.unstructure(row) for row in rejected]
            why: JsonObject = {"type": "cannot-run", "rejected": rows}
        case CannotLoad() as failed:
            why = {"type": "cannot-load", **_CONVERTER.unstructure(failed)}
    return {"backend": left.backend, "why": why}


def _verdict(verdict: Verdict) -> JsonObject:
    fields: JsonObject = _CONVERTER.unstructure(verdict, Verdict)
    return fields


def _converter() -> Any:
    made = strict_converter()
    register_union(made, Verdict, "type", _TYPES.__getitem__)
    return made


_CONVERTER = _converter()
