"""Several repositories asked at once: what they list, and what their headers tell."""

from collections.abc import Callable, Sequence
from functools import partial
from threading import Lock
from typing import TypeVar

from attrs import frozen

from lmrt.adapters.huggingface.client import HubClient
from lmrt.adapters.huggingface.crew import Gate, side_by_side
from lmrt.adapters.huggingface.listing import Listing
from lmrt.adapters.huggingface.metadata import Described, HubMetadata
from lmrt.adapters.huggingface.metadata_files import ListedFiles
from lmrt.adapters.huggingface.metadata_together import described_together
from lmrt.domain.downloads import HeadersRead, ReadingHeaders
from lmrt.domain.errors import LmrtError
from lmrt.domain.references import HubRepository
from lmrt.ports.models import DownloadProgress

_T = TypeVar("_T")
_SIDE_BY_SIDE = 8
"""Repositories that are asked at the same time; an alias has at most as many."""


@frozen
class Told:
    """What the Hub told of a repository.

    Attributes:
        listing: Its files, or why they cannot be had.
        described: What their headers tell, or why that is not known.
    """

    listing: Listing | LmrtError
    described: Described | LmrtError


def outcome(work: Callable[[], _T]) -> _T | LmrtError:
    """Return what the work gives, or the expected error that it ends with."""
    try:
        return work()
    except LmrtError as error:
        return error


def told_together(
    client: HubClient,
    metadata: HubMetadata,
    wanted: Sequence[HubRepository],
    progress: DownloadProgress | None,
) -> list[Told]:
    """Return what the Hub tells of each repository, in their order.

    Args:
        client: Asks for the listings.
        metadata: Reads the headers, within the bytes that one model may take.
        wanted: The repositories; which of their artifacts is wanted does not matter.
        progress: Told what is read, and when all is.
    """
    teller = _Teller(progress)
    try:
        places = list(dict.fromkeys((one.repository, one.revision) for one in wanted))

        def list_one(place: tuple[str, str | None]) -> Listing | LmrtError:
            teller.reading(place[0], 0)
            return outcome(partial(client.listing, *place))

        listings = dict(
            zip(places, side_by_side(list_one, places, _SIDE_BY_SIDE, Gate()), strict=True)
        )
        described = _described(metadata, list(listings.values()), teller)
        return [_told(listings[one.repository, one.revision], described) for one in wanted]
    finally:
        teller.end()


def _described(
    metadata: HubMetadata, listings: Sequence[Listing | LmrtError], teller: "_Teller"
) -> dict[tuple[str, str], Described | LmrtError]:
    """Return what the headers of each listed commit tell; two names may mean one commit."""
    found: dict[tuple[str, str], Described | LmrtError] = {}
    readable: dict[tuple[str, str], ListedFiles] = {}
    for listing in listings:
        if isinstance(listing, LmrtError):
            continue
        key = (listing.repository, listing.commit)
        files = outcome(
            partial(metadata.files, listing, partial(teller.reading, listing.repository))
        )
        if isinstance(files, LmrtError):
            found[key] = files
        else:
            readable.setdefault(key, files)
    told = described_together(metadata, tuple(readable.values()))
    return found | dict(zip(readable, told, strict=True))


def _told(
    listing: Listing | LmrtError, described: dict[tuple[str, str], Described | LmrtError]
) -> Told:
    if isinstance(listing, LmrtError):
        return Told(listing, listing)
    return Told(listing, described[listing.repository, listing.commit])


class _Teller:
    """Tells of what is read, one call at a time."""

    def __init__(self, progress: DownloadProgress | None) -> None:
        self._progress = progress
        self._one_at_a_time = Lock()

    def reading(self, repository: str, fetched: int) -> None:
        if self._progress is not None:
            with self._one_at_a_time:
                self._progress.on_event(ReadingHeaders(repository, fetched))

    def end(self) -> None:
        if self._progress is not None:
            with self._one_at_a_time:
                self._progress.on_event(HeadersRead())
