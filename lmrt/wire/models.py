"""The document of a list of models."""

from collections.abc import Iterable

from lmrt.domain.models import ResolvedModel
from lmrt.domain.payloads import JsonObject
from lmrt.wire.documents import document
from lmrt.wire.plan import converter


def models_payload(models: Iterable[ResolvedModel]) -> JsonObject:
    """Return the document of a list of models, in their order."""
    return document("models", {"models": [_model(model) for model in models]})


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
        "parameters": shape.parameters,
        "layers": len(shape.layers),
        "experts": shape.experts,
        "artifacts": [converter.unstructure(artifact) for artifact in model.artifacts],
    }
