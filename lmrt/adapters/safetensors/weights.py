"""Which files hold the weights of a folder, and that they are inside of it."""

import os
import re
from pathlib import Path, PurePosixPath, PureWindowsPath

from lmrt.adapters.safetensors.documents import read_document
from lmrt.adapters.safetensors.header import WeightFile, read_weight_file
from lmrt.domain.files import malformed_file, missing_parts, unreadable

SINGLE = "model.safetensors"
INDEX = "model.safetensors.index.json"
PICKLE_SUFFIXES = (".bin", ".pt", ".pth", ".ckpt")
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


def weight_files(folder: Path, names: tuple[str, ...]) -> tuple[WeightFile, ...]:
    """Return the headers of the folder's safetensors weights; empty where there are none.

    `model.safetensors` counts before an index, as in transformers; without either, every
    `model*.safetensors`, as in mlx-lm.

    Args:
        folder: The model's folder.
        names: Its files.

    Raises:
        LoadFailed: A file is malformed, missing or outside of the folder (`malformed-file`).
    """
    if SINGLE in names:
        return (read_weight_file(folder, SINGLE),)
    if INDEX in names:
        return _indexed(folder)
    found = [name for name in names if name.startswith("model") and name.endswith(".safetensors")]
    for name in found:
        if match := _SHARD.fullmatch(name):
            shards = [
                f"model-{number:05}-of-{match[2]}.safetensors"
                for number in range(1, int(match[2]) + 1)
            ]
            _check_present(folder, shards, f"the {len(shards)} shards of `{name}`")
    return tuple(read_weight_file(folder, name) for name in found)


def pickle_files(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of files that hold pickled weights; not those of a trainer's state."""
    return tuple(
        name
        for name in names
        if name.lower().endswith(PICKLE_SUFFIXES) and not _NO_WEIGHTS.fullmatch(name.lower())
    )


def _indexed(folder: Path) -> tuple[WeightFile, ...]:
    path = folder / INDEX
    index = read_document(path) or {}
    places = index.get("weight_map")
    if not isinstance(places, dict) or not all(isinstance(name, str) for name in places.values()):
        raise malformed_file(path, "does not tell which file each tensor is in (`weight_map`)")
    shards = sorted(set(places.values()))
    if not shards:
        raise malformed_file(path, "names no files")
    for shard in shards:
        _check_inside(folder, path, shard)
    _check_present(folder, shards, f"the {len(shards)} shards that `{INDEX}` names")
    files = tuple(read_weight_file(folder, shard) for shard in shards)
    present = {(tensor.name, file.name) for file in files for tensor in file.tensors}
    for tensor, shard in places.items():
        if (tensor, shard) not in present:
            raise malformed_file(path, f"puts tensor `{tensor}` into `{shard}`, which lacks it")
    return files


def _check_inside(folder: Path, index: Path, name: str) -> None:
    """Refuse a name that leads out of the folder; links to a Hub cache's blobs lead there too."""
    pure = PurePosixPath(name)
    hostile = not pure.parts or pure.is_absolute() or ".." in pure.parts
    if hostile or PureWindowsPath(name).parts != pure.parts or "\0" in name:
        raise malformed_file(index, f"names {name!r}, which is no file of its folder")
    root, real = Path(os.path.realpath(folder)), Path(os.path.realpath(folder / name))
    blobs = root.parent.parent / "blobs" if root.parent.name == "snapshots" else None
    if not real.is_relative_to(root) and real.parent != blobs:
        raise malformed_file(index, f"names `{name}`, a link to `{real}` outside of its folder")


def _check_present(folder: Path, names: list[str], whole: str) -> None:
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise missing_parts(folder, missing, whole)
