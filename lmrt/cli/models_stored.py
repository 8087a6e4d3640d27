"""Models that are stored on this machine: found by what the user types, and put into words."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lmrt.domain.describe import listed
from lmrt.domain.errors import ConfigurationError, LmrtError, ModelNotFound
from lmrt.domain.models import LocalSource
from lmrt.domain.sizes import format_size
from lmrt.domain.stores import BrokenModel, Duplicate, Inventory, Removal, StoredModel, Verified

if TYPE_CHECKING:
    from lmrt.application.stores import Stores
    from lmrt.domain.references import Aliases

_SHOWN = 10
"""Files of a removal, and places of a duplicate, that are shown one by one."""


def find_stored(view: "Stores", aliases: "Aliases", models_dir: Path, text: str) -> StoredModel:
    """Return the stored model that a text means.

    It may be what `Stores.find` knows, and else any reference that leads, without the network, to
    files of a stored model.

    Raises:
        ModelNotFound: Nothing that is stored here has that name (`model-not-found`).
        ConfigurationError: Several stored models have it (`invalid-reference`).
    """
    try:
        return view.find(text)
    except ModelNotFound:
        places = _places_of(aliases, models_dir, text)
        held = [model for model in view.models() if places & set(_names_of(model))]
        if not held:
            raise
    if len(held) == 1:
        return held[0]
    ids = [model.id for model in held]
    raise ConfigurationError(
        f"`{text}` names {len(held)} models here",
        code="invalid-reference",
        context={"reference": text, "models": ids},
        hint=f"name one of them: {listed(ids)}",
    )


def find_removable(
    view: "Stores", aliases: "Aliases", models_dir: Path, text: str
) -> StoredModel | BrokenModel:
    """Return the stored model that a text means, else what is broken and has that name.

    Raises:
        LmrtError: As `find_stored`.
    """
    try:
        return find_stored(view, aliases, models_dir, text)
    except ModelNotFound:
        broken = view.find_broken(text)
        if broken is None:
            raise
        return broken


def total_line(found: Inventory) -> str:
    """Return how many models there are, and what they take."""
    noun = "model" if len(found.models) == 1 else "models"
    return f"{len(found.models)} {noun}, {format_size(found.size)} on the disk"


def duplicate_lines(duplicates: Sequence[Duplicate]) -> Iterator[str]:
    """Yield which models lie here more than once, and what that wastes."""
    for one in duplicates:
        names = " = ".join(f"`{model.id}`" for model in one.models[:_SHOWN])
        if (more := len(one.models) - _SHOWN) > 0:
            names += f" and {more} more"
        sure = "" if one.proven else ", as far as samples tell"
        yield f"duplicate: {names}: {format_size(one.wasted)} wasted{sure}"


def removal_lines(removal: Removal) -> Iterator[str]:
    """Yield what a removal would do."""
    model = removal.model
    match model:
        case StoredModel():
            what = f"{model.format}, {model.quantization}"
        case BrokenModel():
            what = ", ".join(dict.fromkeys(finding.code for finding in model.findings))
    yield f"removing `{model.id}` ({what}) deletes"
    yield from (f"  {path}" for path in removal.files[:_SHOWN])
    if (more := len(removal.files) - _SHOWN) > 0:
        yield f"  and {more} more files"
    for kept in removal.kept:
        yield f"stays: {kept.path}, which {kept.used_by} uses"
    yield f"frees {format_size(removal.freed)}"


def verified_line(one: Verified) -> str:
    """Return what came of looking at a file."""
    if one.finding is not None:
        return f"{one.finding.code}: {one.finding.message}"
    how = "bytes have the recorded hash" if one.hashed else "size as recorded; no hash is recorded"
    return f"ok: `{one.file.path}`: {how}"


def _places_of(aliases: "Aliases", models_dir: Path, text: str) -> set[Path]:
    """Return the weights that a reference leads to on this machine; none where it leads nowhere."""
    from lmrt.bootstrap.client import runtime_client

    try:
        with runtime_client(aliases=aliases) as client:
            model = client.runtime_loader.resolve(text, models_dir, offline=True)
    except LmrtError:
        return set()
    return {
        _real_name(artifact.source.root / artifact.files[0].path)
        for artifact in model.artifacts
        if isinstance(artifact.source, LocalSource)
    }


def _names_of(model: StoredModel) -> Iterator[Path]:
    return (_real_name(file.path) for file in model.weights)


def _real_name(path: Path) -> Path:
    """Return a path without links in its folders: what the name itself links to may be shared."""
    return Path(os.path.realpath(path.parent)) / path.name
