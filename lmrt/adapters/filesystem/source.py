"""`LocalModelSource`: models by path, by name under the models folder, and the bundled ones."""

import errno
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from lmrt.adapters.filesystem.errors import no_model_files
from lmrt.adapters.filesystem.walk import looks_like_model, model_folders
from lmrt.domain.describe import merged, one_model, several_models
from lmrt.domain.errors import LmrtError
from lmrt.domain.files import unreadable
from lmrt.domain.models import DescribedArtifact, ResolvedModel
from lmrt.domain.references import (
    Alias,
    HubRepository,
    Interpretation,
    LocalPath,
    Lookup,
    UnderModelsDir,
)
from lmrt.ports.models import ArtifactReader

_NO_SUCH_PLACE = frozenset({errno.ENAMETOOLONG, errno.EINVAL, errno.ELOOP})


class LocalModelSource:
    """Finds models on this machine; a `ModelSource`.

    Args:
        readers: Readers of artifact formats. Where files of several formats tell the same fact of
            a model differently, the first reader's counts.
        bundled: Alias and folder of each model that comes with the package.
    """

    def __init__(self, readers: Sequence[ArtifactReader], bundled: Mapping[str, Path]) -> None:
        self._readers = tuple(readers)
        self._bundled = dict(bundled)

    def find(self, interpretation: Interpretation, lookup: Lookup) -> ResolvedModel | None:
        """Return the model, or None where this reading leads nowhere.

        Raises:
            ModelNotFound: The place exists but holds no model (`no-model-files`).
            ConfigurationError: The folder holds several models (`invalid-reference`), or may not
                be read (`unreadable-input`).
            LoadFailed: A file is malformed (`malformed-file`).
        """
        match interpretation:
            case LocalPath(text):
                place, known_as = _expanded(text), "path"
            case UnderModelsDir(text):
                place, known_as = lookup.models_dir / text, "models-dir"
            case Alias(text):
                place, known_as = self._bundled.get(text), "alias"
            case HubRepository():
                return None
        if place is None or not _exists(place):
            return None
        place = place.absolute()
        described = self._read(place)
        if described:
            if not one_model(described):
                raise several_models(str(place), described)
            return _model(described, place, text, known_as)
        raise no_model_files(place)

    def discover(self, models_dir: Path) -> tuple[ResolvedModel, ...]:
        """Return the models under `models_dir`, sorted by location, without broken ones.

        Folders are looked into three levels deep. Files that lie in `models_dir` itself, and
        files of different models in one folder, are models of their own.
        """
        root = models_dir.absolute()
        found = [
            model
            for folder, names in model_folders(root)
            for model in self._in_folder(root, folder, names)
        ]
        return tuple(sorted(found, key=lambda model: model.location))

    def known_names(self, models_dir: Path) -> tuple[str, ...]:
        """Return the names under `models_dir` that may hold a model, and the bundled ones."""
        root = models_dir.absolute()
        names = set(self._bundled)
        for folder, files in model_folders(root):
            if folder == root:
                names.update(name for name in files if looks_like_model(name))
            else:
                names.add(folder.relative_to(root).as_posix())
        return tuple(sorted(names))

    def _read(self, place: Path) -> tuple[DescribedArtifact, ...]:
        return tuple(found for reader in self._readers for found in reader.read(place))

    def _in_folder(self, root: Path, folder: Path, names: Sequence[str]) -> Iterator[ResolvedModel]:
        described = self._read_sound(folder, names)
        if described and folder != root and one_model(described):
            reference = folder.relative_to(root).as_posix()
            yield _model(described, folder, reference, "models-dir")
            return
        for one in described:
            place = folder / one.artifact.files[0].path
            yield _model((one,), place, place.relative_to(root).as_posix(), "models-dir")

    def _read_sound(self, folder: Path, names: Sequence[str]) -> tuple[DescribedArtifact, ...]:
        """Return the folder's artifacts; where a file is broken, those of the other files."""
        found: list[DescribedArtifact] = []
        for reader in self._readers:
            try:
                found.extend(reader.read(folder))
            except LmrtError:
                found.extend(_sound_files(reader, folder, names))
        return tuple(found)


def _sound_files(
    reader: ArtifactReader, folder: Path, names: Sequence[str]
) -> Iterator[DescribedArtifact]:
    seen: set[str] = set()
    for name in names:
        try:
            described = reader.read(folder / name) if looks_like_model(name) else ()
        except LmrtError:
            continue
        for one in described:
            if one.artifact.id not in seen:
                seen.add(one.artifact.id)
                yield one


def _model(
    described: Sequence[DescribedArtifact], place: Path, reference: str, known_as: str
) -> ResolvedModel:
    return merged(
        described,
        reference=reference,
        location=str(place),
        resolved_as=known_as,
        fallback_name=place.name if place.is_dir() else place.stem,
    )


def _expanded(text: str) -> Path | None:
    try:
        return Path(text).expanduser()
    except RuntimeError:  # `~name` of a user that is not known here
        return None


def _exists(place: Path) -> bool:
    try:
        place.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        if error.errno in _NO_SUCH_PLACE:
            return False
        raise unreadable(place, error) from error
    return True
