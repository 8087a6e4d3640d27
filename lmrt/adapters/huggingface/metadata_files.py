"""A repository's files as sketchers read them: in parts, side by side, and not too much."""

import os
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Protocol

from lmrt.adapters.huggingface.crew import Gate, side_by_side
from lmrt.adapters.huggingface.errors import Place, nonsense
from lmrt.adapters.huggingface.listing import Listing
from lmrt.domain.filenames import checked_names, name_fault
from lmrt.domain.models import PICKLE_SUFFIXES
from lmrt.ports.headers import Span

ROOM = 4_500_000
"""Bytes that are read of a model at most, of all its repositories together. With their listings it
stays below 5 MB."""
_SIDE_BY_SIDE = 16
"""Requests under way at the same time: some tens of variants take a second or two."""
_LARGEST = 2**43
"""Bytes of the largest file that is believed in, 8 TiB; file systems have files up to 16."""
_WEIGHTS = (".gguf", ".safetensors", *PICKLE_SUFFIXES)
_BESIDE = (".json", ".jinja", ".model", ".py", ".txt")


class PartsClient(Protocol):
    """What is needed of a `HubClient`."""

    @property
    def endpoint(self) -> str:
        """The Hub's address."""
        ...

    def fetch(self, listing: Listing, name: str, start: int, end: int) -> bytes:
        """Return a part of a file; see `HubClient.fetch`."""
        ...


class ListedFiles:
    """The files of a listing that can be a model's; a `RemoteFiles`.

    What was fetched is remembered, so that a second attempt with more room fetches the rest only.

    Args:
        client: Fetches parts of them.
        listing: What there is.
        came: Told how many bytes have come so far; called on any thread.

    Attributes:
        listing: What there is.
        room: Bytes that may still be read; set by whoever shares it out.
        fetched: Bytes that were fetched.

    Raises:
        NotMaterialized: The name of a file is not safe to use (`hostile-file-name`), or its size
            makes no sense (`malformed-answer`).
    """

    def __init__(
        self, client: PartsClient, listing: Listing, came: Callable[[int], None] | None = None
    ) -> None:
        self._client = client
        self._came = came
        self._counting = Lock()
        self._known: dict[Span, bytes] = {}
        self.listing = listing
        self.room = ROOM
        self.fetched = 0
        self.sizes: Mapping[str, int] = model_files(listing)
        for name, size in self.sizes.items():
            if not 0 <= size <= _LARGEST:
                raise nonsense(self._place(name), f"the listing gives a size of {size:,} bytes")

    @property
    def weights(self) -> int:
        """How many of the files hold weights."""
        return sum(_is_weights(name) for name in self.sizes)

    def read(self, spans: Sequence[Span]) -> list[bytes]:
        """Return the bytes of several spans; see `RemoteFiles.read`."""
        new = [span for span in dict.fromkeys(spans) if span.size and span not in self._known]
        self.room -= sum(span.size for span in new)
        if self.room < 0:
            raise AssertionError("more is read than there is room for")
        if len(new) > 1:
            self._known.update(
                zip(new, side_by_side(self._fetch, new, _SIDE_BY_SIDE, Gate()), strict=True)
            )
        elif new:
            self._known[new[0]] = self._fetch(new[0])
        return [self._known.get(span, b"") for span in spans]

    def _fetch(self, span: Span) -> bytes:
        data = self._client.fetch(self.listing, span.name, span.start, span.end)
        if len(data) != span.size:
            what = f"it gave {len(data):,} bytes where {span.size:,} were asked for"
            raise nonsense(self._place(span.name), what)
        with self._counting:
            self.fetched += len(data)
            if self._came is not None:
                self._came(self.fetched)
        return data

    def _place(self, name: str) -> Place:
        return Place(self._client.endpoint, self.listing.repository, self.listing.commit, name)


def model_files(listing: Listing) -> Mapping[str, int]:
    """Return the sizes of files that can be a model's, by name.

    Those are weights in the repository itself or in a folder of it, since large GGUFs often lie in
    a folder each, and what can lie beside weights. Other names do not matter, however odd.

    Raises:
        NotMaterialized: A name is not safe to use (`hostile-file-name`).
    """
    sizes = {
        file.name: file.size
        for file in listing.files
        if _is_weights(file.name) or (_lies_beside(file.name) and name_fault(file.name) is None)
    }
    return {name: sizes[name] for name in checked_names(sorted(sizes))}


def _is_weights(name: str) -> bool:
    folder, base = os.path.split(name)
    return "/" not in folder and base.lower().endswith(_WEIGHTS) and base[0] != "."


def _lies_beside(name: str) -> bool:
    return "/" not in name and name.endswith(_BESIDE)
