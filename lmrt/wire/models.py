"""The documents of one model with the readings of its reference, and of what was pulled."""

from collections.abc import Iterable
from pathlib import Path

from lmrt.domain.models import Artifact, LocalSource, ResolvedModel
from lmrt.domain.notices import Notice
from lmrt.domain.payloads import JsonObject
from lmrt.domain.resolution import (
    Attempt,
    Failed,
    Follows,
    Found,
    Nothing,
    NotTried,
    Resolution,
    kind_of,
    outcome_text,
)
from lmrt.wire.documents import document
from lmrt.wire.plan import converter


def model_payload(found: Resolution) -> JsonObject:
    """Return the document of one model with every reading of its reference."""
    body = {
        "readings": [_reading(attempt) for attempt in found.attempts],
        "model": _model(found.model),
        "notices": [converter.unstructure(notice, Notice) for notice in found.model.notices],
    }
    return document("model", body)


def pulled_payload(reference: str, pulled: Iterable[tuple[Artifact, Path]]) -> JsonObject:
    """Return the document of artifacts that are on this machine, each with its place."""
    artifacts = [{**_artifact(artifact), "path": str(path)} for artifact, path in pulled]
    return document("pulled", {"reference": reference, "artifacts": artifacts})


def _model(model: ResolvedModel) -> JsonObject:
    shape = model.shape
    return {
        "reference": model.reference,
        "name": model.name,
        "location": model.location,
        "resolved_as": model.resolved_as,
        "modalities": sorted(str(modality) for modality in model.modalities),
        "trained_context": model.trained_context,
        "has_chat_template": model.chat_template is not None,
        "licence": model.licence,
        "parameters": shape.parameters,
        "layers": len(shape.layers),
        "experts": shape.experts,
        "artifacts": [_artifact(artifact) for artifact in model.artifacts],
    }


def _artifact(artifact: Artifact) -> JsonObject:
    here = isinstance(artifact.source, LocalSource)
    return {**converter.unstructure(artifact), "here": here}


def _reading(attempt: Attempt) -> JsonObject:
    return {
        "read_as": kind_of(attempt.reading),
        "place": attempt.place,
        "outcome": _outcome(attempt),
        "message": outcome_text(attempt),
    }


def _outcome(attempt: Attempt) -> JsonObject:
    match attempt.outcome:
        case Found(location):
            return {"type": "found", "location": location}
        case Nothing():
            return {"type": "nothing"}
        case Follows(reference):
            return {"type": "follows", "reference": reference}
        case Failed(code, message):
            return {"type": "failed", "code": code, "message": message}
        case NotTried():
            return {"type": "not-tried"}
