"""Which files are those of a broken model; never one that a sound model uses."""

import re
from collections.abc import Collection, Iterator
from pathlib import Path

from lmrt.adapters.stores.looking import is_folder, is_link, is_there
from lmrt.domain.models import PICKLE_SUFFIXES

_PART = re.compile(r"(?P<stem>.+)-\d{5}-of-(?P<count>\d{5})\.gguf")
_TENSORS = (".safetensors", ".safetensors.index.json", ".bin.index.json", *PICKLE_SUFFIXES)
_BESIDE = frozenset(
    {
        "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json",
        "tokenizer.model", "special_tokens_map.json", "added_tokens.json", "vocab.json",
        "merges.txt", "chat_template.jinja", "chat_template.json", "preprocessor_config.json",
        "processor_config.json",
    }
)  # fmt: skip
"""What belongs to a directory of tensors beside these, as far as lmrt reads it."""


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
    elif path.name.endswith(_TENSORS) or path.name in _BESIDE:
        found = [*_tensors(path.parent)]
    else:
        found = [path]
    found = [one for one in found if one not in sound and _lies(one)]
    return tuple(dict.fromkeys(sorted(found, key=lambda one: (one.name.endswith(_TENSORS), one))))


def _lies(path: Path) -> bool:
    return is_link(path) or is_there(path)


def _parts(path: Path) -> Iterator[Path]:
    """Yield a GGUF, with the other parts where it is a split one."""
    yield path
    if match := _PART.fullmatch(path.name):
        for other in path.parent.iterdir():
            theirs = _PART.fullmatch(other.name)
            if theirs and theirs.groups() == match.groups():
                yield other


def _incomplete_parts(folder: Path) -> Iterator[Path]:
    """Yield the parts of split GGUFs of which others are not there."""
    for path in folder.iterdir():
        if match := _PART.fullmatch(path.name):
            parts = [part for part in _parts(path) if is_there(part)]
            if len(set(parts)) < int(match["count"]):
                yield path


def _tensors(folder: Path) -> Iterator[Path]:
    """Yield the files of a directory of tensors; none where there is none."""
    names = list(folder.iterdir())
    if any(path.name.endswith(_TENSORS) for path in names):
        for path in names:
            if path.name.endswith(_TENSORS) or path.name in _BESIDE:
                yield path
