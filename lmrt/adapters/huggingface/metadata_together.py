"""The repositories of one model, described together within the bytes that one model may take.

Half of these are shared out first, and all repositories are read at the same time. The other half,
and what was left of the first, goes in their order to those of which something had to be left out:
if all need much, the first ones are known at least. Who gets how much follows from the listings and
the headers alone, so that the plan is the same every time.
"""

from collections.abc import Sequence

from lmrt.adapters.huggingface.crew import Gate, side_by_side
from lmrt.adapters.huggingface.metadata import Described, HubMetadata
from lmrt.adapters.huggingface.metadata_files import ROOM, ListedFiles
from lmrt.domain.errors import LmrtError

_SIDE_BY_SIDE = 8
"""Repositories that are read at the same time."""


def described_together(
    metadata: HubMetadata, repositories: Sequence[ListedFiles]
) -> tuple[Described | LmrtError, ...]:
    """Return what each repository holds, or why that is not known.

    Together at most `ROOM` bytes are fetched. What was sketched before counts as it is where there
    are several, even if more room would tell more: else the plan would change when it is made
    again.

    Args:
        metadata: Describes one.
        repositories: Their files, of which nothing is read yet; each repository once.
    """
    alone = len(repositories) == 1
    new = [files for files in repositories if alone or metadata.kept(files) is None]
    rooms = {id(files): room for files, room in zip(new, shares(new), strict=True)}

    def describe(files: ListedFiles) -> Described | LmrtError:
        try:
            return metadata.described(files, rooms.get(id(files), 0))
        except LmrtError as error:
            return error

    told = side_by_side(describe, repositories, _SIDE_BY_SIDE, Gate())
    for at, files in enumerate(repositories):
        left = ROOM - sum(one.fetched for one in repositories)
        if len(new) > 1 and left and files in new and _is_short(told[at]):
            rooms[id(files)] = left
            told[at] = describe(files)
    return tuple(told)


def shares(repositories: Sequence[ListedFiles]) -> list[int]:
    """Return how many bytes may be read of each at first; all of them where it is alone.

    Half of what is shared out goes to all alike, half by the number of their weight files.
    """
    if len(repositories) == 1:
        return [ROOM]
    files = [max(1, one.weights) for one in repositories]
    return [ROOM // 4 // len(files) + ROOM // 4 * count // sum(files) for count in files]


def _is_short(told: Described | LmrtError) -> bool:
    """Return whether more could be told with more room."""
    if isinstance(told, LmrtError):
        return told.code == "headers-too-large"
    return bool(told.notices)
