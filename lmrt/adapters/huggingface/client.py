"""`HubClient`: what lmrt asks of the Hub, over `huggingface_hub`."""

import time
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import PurePosixPath
from typing import TypeVar

from lmrt.adapters.huggingface.errors import Place, no_file, no_revision, nonsense
from lmrt.adapters.huggingface.listing import Listing, RemoteFile, listing_of
from lmrt.adapters.huggingface.parts import PartReader
from lmrt.adapters.huggingface.policy import HubPolicy
from lmrt.adapters.huggingface.refusals import hub_failure
from lmrt.domain.errors import LmrtError, ModelNotFound
from lmrt.domain.files import malformed_file

_T = TypeVar("_T")
_LIBRARY = "lmrt"


class HubClient:
    """Asks the Hub; safe to use from several threads. It writes nothing to the disk.

    Whatever fails is one of the errors of `lmrt.adapters.huggingface.errors`.

    Args:
        endpoint: The Hub's address. Default: `HF_ENDPOINT`, else https://huggingface.co.
        policy: How patient it is.
    """

    def __init__(self, endpoint: str | None = None, policy: HubPolicy | None = None) -> None:
        self._endpoint = endpoint
        self.policy = policy or HubPolicy()
        self._parts = PartReader(self.policy)
        self._listings: dict[tuple[str, str], Listing] = {}
        self._revisions: dict[tuple[str, str], frozenset[str]] = {}

    @property
    def endpoint(self) -> str:
        """The Hub's address, without a slash at its end."""
        from huggingface_hub import constants

        return (self._endpoint or constants.ENDPOINT).rstrip("/")

    @property
    def offline(self) -> bool:
        """Whether the user forbids the network (`HF_HUB_OFFLINE`)."""
        from huggingface_hub import constants

        return bool(constants.is_offline_mode())

    def listing(self, repository: str, revision: str | None = None) -> Listing:
        """Return the files of a repository.

        Args:
            repository: `org/name`.
            revision: Branch, tag or commit; None for the default branch.

        Raises:
            ModelNotFound: No such repository (`repository-not-found`) or revision
                (`revision-not-found`).
            NotMaterialized: The Hub cannot be asked, or refuses.
        """
        if revision and (known := self._listings.get((repository, revision))):
            return known
        place = self._place(repository, revision)
        try:
            found = self._retried(lambda: self._listing(place))
        except ModelNotFound as error:
            if error.code != "revision-not-found":
                raise
            raise no_revision(place, self._known_revisions(place)) from error
        key = (repository, found.commit)
        self._listings[key] = found
        self._revisions[key] = self._revisions.get(key, frozenset()) | {revision or "main"}
        return found

    def revisions(self, listing: Listing) -> frozenset[str]:
        """Return the names by which this client was asked for a listing's commit."""
        return self._revisions.get((listing.repository, listing.commit), frozenset())

    def read(self, listing: Listing, name: str, limit: int) -> bytes:
        """Return the whole content of a small file.

        Args:
            listing: Where the file is listed.
            name: Its path in the repository.
            limit: The most bytes that it may have.

        Raises:
            LoadFailed: It has more (`malformed-file`).
            LmrtError: As `fetch`.
        """
        size = self.file(listing, name).size
        if size > limit:
            path = PurePosixPath(listing.repository, name)
            raise malformed_file(path, f"has {size:,} bytes, more than {limit:,}")
        return self.fetch(listing, name, 0, size)

    def fetch(self, listing: Listing, name: str, start: int, end: int) -> bytes:
        """Return a part of a file.

        Args:
            listing: Where the file is listed.
            name: Its path in the repository.
            start: The first byte's offset.
            end: The offset after the last byte; what lies behind the file's end is left out.

        Raises:
            ModelNotFound: There is no such file (`file-not-found`).
            NotMaterialized: The Hub cannot be asked, or refuses.
        """

        def whole() -> bytes:
            with closing(self.chunks(listing, name, start, end)) as chunks:
                return b"".join(chunks)

        return self._retried(whole)

    def chunks(
        self, listing: Listing, name: str, start: int, end: int, *, skipping: bool = False
    ) -> Generator[bytes, None, None]:
        """Yield a part of a file as it comes, in one attempt; see `fetch` and `PartReader`."""
        file = self.file(listing, name)
        last = min(end, file.size)
        place = self._place(listing.repository, listing.commit, name)
        if start < last:
            yield from self._parts.chunks(
                self._url(place), self._headers(), file, place, start, last, skipping=skipping
            )

    def file(self, listing: Listing, name: str) -> RemoteFile:
        """Return a file of a listing.

        Raises:
            ModelNotFound: There is no such file (`file-not-found`).
        """
        found = listing.file(name)
        if found is None:
            place = self._place(listing.repository, listing.commit, name)
            raise no_file(place, tuple(file.name for file in listing.files))
        return found

    def _listing(self, place: Place) -> Listing:
        from httpx2 import HTTPError
        from huggingface_hub import HfApi
        from huggingface_hub.errors import HFValidationError

        api = HfApi(self._endpoint, library_name=_LIBRARY)
        try:
            info = api.model_info(
                place.repository,
                revision=place.revision,
                files_metadata=True,
                timeout=self.policy.seconds,
            )
        except (HTTPError, HFValidationError, OSError) as error:
            raise hub_failure(error, place) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            # What the library says of an answer that is no model's, such as a proxy's page.
            raise nonsense(place, f"{type(error).__name__}: {error}") from error
        found = listing_of(place.repository, info)
        if found is None:
            raise nonsense(place, "the files of the answer have no sizes or no hashes")
        return found

    def _known_revisions(self, place: Place) -> tuple[str, ...]:
        """Return the branches and tags of a repository; empty where they cannot be had."""
        from httpx2 import HTTPError
        from huggingface_hub import get_session

        url = f"{self.endpoint}/api/models/{place.repository}/refs"
        try:
            answer = get_session().get(url, headers=self._headers(), timeout=self.policy.seconds)
            refs = answer.raise_for_status().json()
            names = [ref["name"] for kind in ("branches", "tags") for ref in refs[kind]]
        except (HTTPError, ValueError, KeyError, TypeError):
            return ()
        return tuple(name for name in names if isinstance(name, str))

    def _retried(self, ask: Callable[[], _T]) -> _T:
        attempt = 1
        while True:
            try:
                return ask()
            except LmrtError as error:
                pause = self.policy.pause_after(error, attempt)
                if pause is None:
                    raise
            time.sleep(pause)
            attempt += 1

    def _place(self, repository: str, revision: str | None, file: str | None = None) -> Place:
        logged_in = "authorization" in self._headers()
        return Place(self.endpoint, repository, revision, file, logged_in=logged_in)

    def _url(self, place: Place) -> str:
        from huggingface_hub import hf_hub_url

        return hf_hub_url(
            place.repository, place.file or "", revision=place.revision, endpoint=self.endpoint
        )

    def _headers(self) -> dict[str, str]:
        from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

        return dict(build_hf_headers(library_name=_LIBRARY))
