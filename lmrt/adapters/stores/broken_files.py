"""Which files are those of a broken model; never one that a sound model uses."""

from collections.abc import Collection, Iterator
from pathlib import Path

from lmrt.adapters.stores.looking import is_folder, is_link, is_there
from lmrt.domain.model_files import COMPANIONS, PartName
from lmrt.domain.models import PICKLE_SUFFIXES

_TENSORS = (".safetensors", ".safetensors.index.json", ".bin.index.json", *PICKLE_SUFFIXES)


def broken_files(path: Path, sound: Collection[Path]) -> tuple[Path, ...]:
    """Return the files of the broken model that a finding names, texts first.

    Args:
        path: The file that is broken; or the folder of a model that lacks files.
        sound: Files of sound models, which are left out.
    """
    if is_folder(path) and not is_link(path):
        found = [*_tensors(path), *_incomplete_parts(path)]
    elif path.name.lower().endswith(".gguf"):
        found = [*_parts(path)]
    elif path.name.endswith(_TENSORS) or path.name in COMPANIONS:
        found = [*_tensors(path.parent)]
    else:
        found = [path]
    found = [one for one in found if one not in sound and _lies(one)]
    return tuple(dict.fromkeys(sorted(found, key=lambda one: (one.name.endswith(_TENSORS), one))))


def _lies(path: Path) -> bool:
    return is_link(path) or is_there(path)


def _parts(path: Path) -> tuple[Path, ...]:
    """Return a GGUF, or all the parts of a split one, whether or not they are there."""
    part = PartName.of(path.name)
    return (path,) if part is None else tuple(path.with_name(name) for name in part.names)


def _incomplete_parts(folder: Path) -> Iterator[Path]:
    """Yield the parts of split GGUFs of which others are not there."""
    for path in folder.iterdir():
        parts = _parts(path)
        if len(parts) > 1 and not all(map(is_there, parts)):
            yield path


def _tensors(folder: Path) -> Iterator[Path]:
    """Yield the files of a directory of tensors; none where there is none."""
    names = list(folder.iterdir())
    if any(path.name.endswith(_TENSORS) for path in names):
        for path in names:
            if path.name.endswith(_TENSORS) or path.name in COMPANIONS:
                yield path
