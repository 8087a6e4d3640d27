"""The document of `rt doctor`: the machine, every backend with what came of it, the findings."""

from typing import Any

from lmrt.domain.diagnosis import Diagnosis, Trial
from lmrt.domain.payloads import JsonObject
from lmrt.domain.probes import Availability
from lmrt.domain.remedies import Remedy
from lmrt.wire.documents import document
from lmrt.wire.examination import TYPES
from lmrt.wire.strict import strict_converter
from lmrt.wire.tagged import register_union

KIND = "diagnosis"


def diagnosis_payload(diagnosis: Diagnosis) -> JsonObject:
    """Return the document of a diagnosis."""
    fields: JsonObject = _CONVERTER.unstructure(diagnosis)
    version = fields.pop("version")
    return document(KIND, {"lmrt_version": version, "works": diagnosis.works, **fields})


def _converter() -> Any:
    made = strict_converter()
    for union in (Availability, Trial):
        register_union(made, union, "type", TYPES.__getitem__)

    def remedy(value: Remedy) -> JsonObject:
        told = {"what": value.what, "why": value.why, "command": value.command}
        facts = made.unstructure(value, type(value))
        facts.pop("command", None)
        return {"code": value.code, **told, "facts": facts}

    made.register_unstructure_hook(Remedy, remedy)
    return made


_CONVERTER = _converter()
