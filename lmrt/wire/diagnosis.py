"""The document of `rt doctor`: the machine, every backend's probe, and what came of using it."""

from typing import Any

from lmrt.domain.diagnosis import Diagnosis, Failed, NotTried, Ran, Trial
from lmrt.domain.payloads import JsonObject
from lmrt.domain.probes import Availability, Available, Unavailable
from lmrt.wire.documents import document
from lmrt.wire.strict import strict_converter
from lmrt.wire.tagged import register_union

KIND = "diagnosis"

_TYPES: dict[type, str] = {
    Available: "available",
    Unavailable: "unavailable",
    Ran: "ran",
    Failed: "failed",
    NotTried: "not-tried",
}


def diagnosis_payload(diagnosis: Diagnosis) -> JsonObject:
    """Return the document of a diagnosis."""
    fields: JsonObject = _CONVERTER.unstructure(diagnosis)
    version = fields.pop("version")
    return document(KIND, {"lmrt_version": version, "works": diagnosis.works, **fields})


def _converter() -> Any:
    made = strict_converter()
    for union in (Availability, Trial):
        register_union(made, union, "type", _TYPES.__getitem__)
    return made


_CONVERTER = _converter()
