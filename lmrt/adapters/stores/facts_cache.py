"""What was read of unchanged places before.

Headers with large vocabularies take some milliseconds to read, and hundreds of models take
seconds; the cache makes the second listing fast. It may be deleted at any time.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from attrs import frozen

from lmrt.adapters.stores.facts import Facts
from lmrt.domain.messages import Modality
from lmrt.domain.models import ArtifactFormat

_MOST = 4096
"""Places that are remembered at most; those looked at last count."""


@frozen
class CacheFile:
    """Where facts are kept between two runs.

    Attributes:
        path: The file; its folder is made where it is missing.
        version: Of the readers: what another version read does not count.
        write: Writes a file whole or not at all.
    """

    path: Path
    version: str
    write: Callable[[Path, bytes], None]


def sources_version(*packages: ModuleType) -> str:
    """Return what changes when a source file of the packages does, in a release or a checkout."""
    digest = hashlib.sha256()
    for package in packages:
        for path in sorted(Path(str(package.__file__)).parent.glob("*.py")):
            told = path.stat()
            digest.update(f"{path}\0{told.st_size} {told.st_mtime_ns}\n".encode())
    return digest.hexdigest()


class FactsCache:
    """Facts by place, valid while name, size, time and inode of every file there are the same.

    Args:
        kept: Where they are kept between two runs, or None for nowhere.
    """

    def __init__(self, kept: CacheFile | None) -> None:
        self._kept = kept
        self._places: dict[str, Any] = {} if kept is None else _load(kept)
        self._changed = False

    def get(self, place: Path, names: Sequence[str]) -> tuple[tuple[Facts, ...] | None, str]:
        """Return the facts of a place, or None where it must be read, and its signature.

        Args:
            place: A folder, or a file.
            names: The folder's files; none for a file.
        """
        if self._kept is None:
            return None, ""
        signature = _signature(place, names)
        known = self._places.pop(str(place), None)
        if known is None or known[0] != signature or not signature:
            return None, signature
        self._places[str(place)] = known  # at the end: looked at last
        return tuple(_decoded(facts) for facts in known[1]), signature

    def put(self, place: Path, signature: str, facts: tuple[Facts, ...]) -> None:
        """Remember the facts of a place that was read just now."""
        # The signature does not speak of folders below the place.
        if signature and not any("/" in file for one in facts for file in one.files):
            self._places[str(place)] = [signature, [_encoded(one) for one in facts]]
            self._changed = True

    def save(self) -> None:
        """Write what is new; a cache that cannot be written only makes the next listing slower."""
        if self._kept is None or not self._changed:
            return
        latest = dict(list(self._places.items())[-_MOST:])
        data = json.dumps({"version": self._kept.version, "places": latest})
        with suppress(OSError):
            self._kept.path.parent.mkdir(parents=True, exist_ok=True)
            self._kept.write(self._kept.path, data.encode())
        self._changed = False


def _load(kept: CacheFile) -> dict[str, Any]:
    try:
        document = json.loads(kept.path.read_bytes())
        if document["version"] != kept.version:
            return {}
        places: dict[str, Any] = document["places"]
        for signature, facts in places.values():
            if not isinstance(signature, str):
                return {}
            for one in facts:
                _decoded(one)
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return {}  # there is none, or someone wrote another thing there
    return places


def _signature(place: Path, names: Sequence[str]) -> str:
    """Return what changes when a file of the place does; empty where one cannot be looked at."""
    digest = hashlib.sha256()
    try:
        for path in (place / name for name in names) if names else (place,):
            told = path.stat()
            seen = f"{told.st_size} {told.st_mtime_ns} {told.st_ino} {told.st_dev}"
            digest.update(f"{path.name}\0{seen}\n".encode("utf-8", "surrogateescape"))
    except OSError:
        return ""
    return digest.hexdigest()


def _encoded(facts: Facts) -> list[Any]:
    return [
        str(facts.format),
        facts.quantization,
        facts.architecture,
        sorted(facts.modalities),
        facts.trained_context,
        facts.parameters,
        facts.title,
        list(facts.files),
    ]


def _decoded(value: Any) -> Facts:
    match value:
        case [
            str(name),
            str(quantization),
            str(architecture),
            list(modalities),
            int() | None as context,
            int() | None as parameters,
            str() | None as title,
            [_, *_] as files,
        ] if all(isinstance(file, str) for file in files):
            return Facts(
                ArtifactFormat(name),
                quantization,
                architecture,
                frozenset(map(Modality, modalities)),
                context,
                parameters,
                title,
                tuple(files),
            )
        case _:
            raise ValueError("these are no facts of an artifact")
