"""Which files hold the weights of a folder, and that they are inside of it."""

import os
import re
from pathlib import Path

from lmrt.adapters.safetensors.documents import read_document
from lmrt.adapters.safetensors.header import KnownHeaders, WeightFile, read_weight_file
from lmrt.domain.filenames import inside, name_fault
from lmrt.domain.files import malformed_file, missing_parts, unreadable
from lmrt.domain.models import PICKLE_SUFFIXES

SINGLE = "model.safetensors"
INDEX = "model.safetensors.index.json"
PICKLE_INDEX = "pytorch_model.bin.index.json"
_SHARD = re.compile(r"model-(\d{5})-of-(\d{5})\.safetensors")
_NO_WEIGHTS = re.compile(
    r"(training_args|optimizer|scheduler|scaler|rng_state.*|tokenizer)\.(bin|pt|pth|ckpt)"
)


def file_names(folder: Path) -> tuple[str, ...]:
    """Return the names of the folder's files, sorted, hidden ones left out.

    Raises:
        ConfigurationError: The folder may not be read (`unreadable-input`).
    """
    try:
        with os.scandir(folder) as entries:
            # Links are not followed here: one that leads nowhere is told, not left out.
            found = [entry.name for entry in entries if not entry.is_dir(follow_symlinks=False)]
    except OSError as error:
        raise unreadable(folder, error) from error
    return tuple(sorted(name for name in found if not name.startswith(".")))


def weight_files(
    folder: Path, names: tuple[str, ...], known: KnownHeaders | None = None
) -> tuple[WeightFile, ...]:
    """Return the headers of the folder's safetensors weights; empty where there are none.

    `model.safetensors` counts before an index, as in transformers; without either, every
    `model*.safetensors`, as in mlx-lm.

    Args:
        folder: The model's folder.
        names: Its files.
        known: Headers that were read before.

    Raises:
        LoadFailed: A file is malformed, missing or outside of the folder (`malformed-file`).
    """
    if SINGLE in names:
        return (read_weight_file(folder, SINGLE, known),)
    if INDEX in names:
        return _indexed(folder, known)
    found = [name for name in names if name.startswith("model") and name.endswith(".safetensors")]
    for name in found:
        if match := _SHARD.fullmatch(name):
            shards = [
                f"model-{number:05}-of-{match[2]}.safetensors"
                for number in range(1, int(match[2]) + 1)
            ]
            _check_present(folder, shards, f"the {len(shards)} shards of `{name}`")
    return tuple(read_weight_file(folder, name, known) for name in found)


def pickle_files(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of files that hold pickled weights; not those of a trainer's state."""
    return tuple(
        name
        for name in names
        if name.lower().endswith(PICKLE_SUFFIXES) and not _NO_WEIGHTS.fullmatch(name.lower())
    )


def check_pickle_index(folder: Path, names: tuple[str, ...]) -> None:
    """Check the index of pickled shards, which an engine follows, where there is one.

    Raises:
        LoadFailed: It is malformed, or names a file that is missing or outside of the folder
            (`malformed-file`).
    """
    if PICKLE_INDEX in names:
        _places(folder, PICKLE_INDEX)


def _places(folder: Path, index: str) -> dict[str, str]:
    """Return the file of each tensor by an index, every file checked to be there and inside."""
    path = folder / index
    places = (read_document(path) or {}).get("weight_map")
    if not isinstance(places, dict) or not all(isinstance(name, str) for name in places.values()):
        raise malformed_file(path, "does not tell which file each tensor is in (`weight_map`)")
    shards = sorted(set(places.values()))
    if not shards:
        raise malformed_file(path, "names no files")
    for shard in shards:
        _check_inside(folder, path, shard)
    _check_present(folder, shards, f"the {len(shards)} shards that `{index}` names")
    return places


def _indexed(folder: Path, known: KnownHeaders | None) -> tuple[WeightFile, ...]:
    path, places = folder / INDEX, _places(folder, INDEX)
    shards = sorted(set(places.values()))
    files = tuple(read_weight_file(folder, shard, known) for shard in shards)
    present = {(tensor.name, file.name) for file in files for tensor in file.tensors}
    for tensor, shard in places.items():
        if (tensor, shard) not in present:
            raise malformed_file(path, f"puts tensor `{tensor}` into `{shard}`, which lacks it")
    return files


def _check_inside(folder: Path, index: Path, name: str) -> None:
    """Refuse a name that leads out of the folder, by itself or as a link."""
    if fault := name_fault(name):
        raise malformed_file(index, f"names {name[:80]!r}, which is no file of its folder: {fault}")
    root, real = Path(os.path.realpath(folder)), Path(os.path.realpath(folder / name))
    if not inside(root, real):
        raise malformed_file(index, f"names `{name}`, a link to `{real}` outside of its folder")


def _check_present(folder: Path, names: list[str], whole: str) -> None:
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise missing_parts(folder, missing, whole)
