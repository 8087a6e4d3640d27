"""What a child process of the doctor reports, one JSON document a line."""

import json
from typing import Any

from attrs import frozen

from lmrt.domain.diagnosis import Failed, NotTried, Ran, Trial
from lmrt.domain.probes import Availability, Available, BackendProbe, Unavailable
from lmrt.wire.documents import document, read_document
from lmrt.wire.strict import strict_converter
from lmrt.wire.tagged import register_union

KIND = "examination"

TYPES: dict[type, str] = {
    Available: "available",
    Unavailable: "unavailable",
    Ran: "ran",
    Failed: "failed",
    NotTried: "not-tried",
    BackendProbe: "probe",
}


@frozen
class _Line:
    told: BackendProbe | Trial


def report_line(told: BackendProbe | Trial) -> str:
    """Return a probe or a trial as one line."""
    return json.dumps(document(KIND, _CONVERTER.unstructure(_Line(told))))


def read_report_line(line: str) -> BackendProbe | Trial:
    """Return the probe or the trial of a line.

    Raises:
        ValueError: It is no such line.
    """
    return read_document(_CONVERTER, json.loads(line), KIND, _Line).told


def _converter() -> Any:
    made = strict_converter()
    register_union(made, Availability, "type", TYPES.__getitem__)
    register_union(made, BackendProbe | Trial, "type", TYPES.__getitem__)
    return made


_CONVERTER = _converter()
