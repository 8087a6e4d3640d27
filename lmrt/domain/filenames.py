"""File names that come from outside are hostile until they are checked.

A name is checked as text, before anything touches the disk. Whatever passes means the same file on
every system: below the folder that it is joined to, and no other. `inside` says of a path whose
links were followed whether it still lies in its folder.
"""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePath

from lmrt.domain.errors import NotMaterialized
from lmrt.domain.files import printable

MAX_PART = 255
"""Bytes of the longest name of one file or folder, as file systems have it."""

MAX_NAME = 1000
"""Bytes of the longest name with its folders: below what the systems take for a whole path."""

_RESERVED = frozenset('<>:"|?*')
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9])", re.IGNORECASE)
_SHOWN = 80


def name_fault(name: str) -> str | None:
    """Return why a name, with `/` between folders, may not be used, or None where it may.

    The reason goes on after the name: `leads out of its folder`.
    """
    if not name:
        return "is empty"
    if not name.isprintable():
        return "holds letters that cannot be shown"
    if len(name.encode("utf-8")) > MAX_NAME:
        return f"is longer than {MAX_NAME:,} bytes"
    # Some systems and many programs write a name in this form: it must be as harmless
    plain = unicodedata.normalize("NFKC", name)
    faults = (_part_fault(part) for form in (name, plain) for part in form.split("/"))
    if fault := next((fault for fault in faults if fault), None):
        return fault
    if plain.count("/") != name.count("/"):
        return "holds a letter that can turn into a separator"
    if any(len(part.encode("utf-8")) > MAX_PART for part in name.split("/")):
        return f"has a part of more than {MAX_PART} bytes"
    return None


def checked_name(name: str) -> str:
    """Return a name as it is, if every system takes it for one file below the folder it is put in.

    Only the names of files that are about to be used need the check: a repository may hold odd
    names beside them.

    Raises:
        NotMaterialized: It may not be used (`hostile-file-name`).
    """
    if fault := name_fault(name):
        raise _hostile(f"the file name {_shown(name)} {fault}", name)
    return name


def checked_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return names as they are, if each may be used and no two can mean the same place.

    Two names clash where a file system that ignores case or the form of Unicode takes them for one,
    or where one is the folder of the other.

    Raises:
        NotMaterialized: One of them may not be used, or two clash (`hostile-file-name`).
    """
    checked = tuple(checked_name(name) for name in names)
    files: dict[str, str] = {}
    for name in checked:
        place = _place(name)
        if place in files:
            raise _clash(files[place], name)
        files[place] = name
    for place, name in files.items():
        parts = place.split("/")
        for depth in range(1, len(parts)):
            if other := files.get("/".join(parts[:depth])):
                raise _clash(other, name)
    return checked


def inside(root: PurePath, path: PurePath) -> bool:
    """Return whether a file that was found in a folder lies there, its links followed.

    The Hugging Face cache is one place, though its snapshots are links: what they point to in the
    `blobs` of the same repository counts as inside.

    Args:
        root: The folder, absolute and without links.
        path: The file, absolute and without links.
    """
    if path.is_relative_to(root):
        return True
    return any(
        place.name == "snapshots" and path.parent == place.parent / "blobs"
        for place in root.parents
    )


def _part_fault(part: str) -> str | None:
    if not part:
        return "is absolute, or has an empty part"
    if part in (".", ".."):
        return "leads out of its folder" if part == ".." else "has `.` as a part"
    if "\\" in part:
        return "holds a backslash, which is a separator elsewhere"
    if found := _RESERVED.intersection(part):
        return f"holds `{min(found)}`, which means something else elsewhere"
    if part.endswith((".", " ")):
        return "has a part that ends in a dot or a space, which some systems drop"
    if _DEVICE.fullmatch(part.partition(".")[0].rstrip(" ")):
        return "has the name of a device"
    return None


def _place(name: str) -> str:
    """Return what names have in common that a file system can take for one."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return unicodedata.normalize("NFKC", folded)


def _shown(name: str) -> str:
    shown = printable(name[:_SHOWN])
    return f"`{shown}`" if len(name) <= _SHOWN else f"`{shown}…`"


def _clash(one: str, other: str) -> NotMaterialized:
    return _hostile(
        f"the file names {_shown(one)} and {_shown(other)} can mean the same place", one, other
    )


def _hostile(message: str, *names: str) -> NotMaterialized:
    return NotMaterialized(
        message,
        code="hostile-file-name",
        context={"names": [printable(name) for name in names]},
        note="names from outside are not trusted: nothing was written",
        hint="take another repository, and tell the owner of this one",
    )
