"""The document of the catalogue."""

from collections.abc import Iterable

from lmrt.domain.catalogue import Entry, Variant
from lmrt.domain.payloads import JsonObject
from lmrt.wire.documents import document


def catalogue_payload(entries: Iterable[Entry]) -> JsonObject:
    """Return the document of entries of the catalogue, in their order."""
    return document("catalogue", {"models": [_entry(entry) for entry in entries]})


def _entry(entry: Entry) -> JsonObject:
    return {
        "alias": entry.alias,
        "names": list(entry.names),
        "family": entry.family,
        "size": entry.size,
        "title": entry.title,
        "maker": entry.maker,
        "parameters": entry.parameters,
        "active_parameters": entry.active_parameters,
        "context": entry.context,
        "modalities": sorted(str(modality) for modality in entry.modalities),
        "licence": entry.licence,
        "gated": entry.gated,
        "variants": [_variant(variant) for variant in entry.variants],
    }


def _variant(variant: Variant) -> JsonObject:
    return {
        "format": str(variant.format),
        "repository": str(variant.repository),
        "quantization": variant.quantization,
    }
