"""The documents of what the stores hold, of a removal and of a verification; they are only written.

Findings are told apart by their `code`. A hash is `sha256:…`, or `git:…` for the SHA-1 that git
gives a file; all sizes are bytes.
"""

from collections.abc import Iterable
from pathlib import Path

from attrs import asdict

from lmrt.domain.findings import Finding
from lmrt.domain.payloads import JsonObject
from lmrt.domain.stores import (
    ContentHash,
    Duplicate,
    GitBlob,
    Inventory,
    Removal,
    Sha256,
    StoredFile,
    StoredModel,
    Verified,
)
from lmrt.wire.documents import document


def inventory_payload(inventory: Inventory) -> JsonObject:
    """Return the document of everything that is here."""
    return document(
        "stored-models",
        {
            "models": [_model(model) for model in inventory.models],
            "findings": [
                {"store": str(store), **_finding(finding)} for store, finding in inventory.findings
            ],
            "duplicates": [_duplicate(one) for one in inventory.duplicates],
            "size": inventory.size,
        },
    )


def removal_payload(removal: Removal, *, done: bool) -> JsonObject:
    """Return the document of a removal.

    Args:
        removal: What it does.
        done: Whether it was done.
    """
    return document(
        "removal",
        {
            "model": removal.model.id,
            "done": done,
            "freed": removal.freed,
            "files": [str(path) for path in removal.files],
            "folders": [str(path) for path in removal.folders],
            "kept": [
                {"path": str(file.path), "size": file.size, "used_by": file.used_by}
                for file in removal.kept
            ],
        },
    )


def verification_payload(model: StoredModel, files: Iterable[Verified]) -> JsonObject:
    """Return the document of what a verification found, file by file."""
    rows = [
        {
            **_file(one.file),
            "hashed": one.hashed,
            "finding": None if one.finding is None else _finding(one.finding),
        }
        for one in files
    ]
    sound = all(row["finding"] is None for row in rows)
    return document("verification", {"model": model.id, "sound": sound, "files": rows})


def _model(model: StoredModel) -> JsonObject:
    return {
        "id": model.id,
        "store": str(model.store),
        "name": model.name,
        "title": model.title,
        "reference": model.reference,
        "format": str(model.format),
        "quantization": model.quantization,
        "architecture": model.architecture,
        "modalities": sorted(str(modality) for modality in model.modalities),
        "trained_context": model.trained_context,
        "parameters": model.parameters,
        "location": str(model.location),
        "revision": model.revision,
        "size": model.size,
        "weights": [_file(file) for file in model.weights],
        "others": [_file(file) for file in model.others],
    }


def _file(file: StoredFile) -> JsonObject:
    return {"path": str(file.path), "size": file.size, "content": _hash(file.content)}


def _hash(content: ContentHash | None) -> str | None:
    match content:
        case None:
            return None
        case Sha256(digest):
            return f"sha256:{digest}"
        case GitBlob(digest):
            return f"git:{digest}"


def _finding(finding: Finding) -> JsonObject:
    facts = {
        key: str(value) if isinstance(value, Path) else value
        for key, value in asdict(finding).items()
    }
    return {"code": finding.code, "message": finding.message, **facts}


def _duplicate(duplicate: Duplicate) -> JsonObject:
    return {
        "models": [model.id for model in duplicate.models],
        "copies": duplicate.copies,
        "wasted": duplicate.wasted,
        "proven": duplicate.proven,
    }
