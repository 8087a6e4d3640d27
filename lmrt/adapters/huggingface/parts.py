"""Parts of files, as they come from the Hub or from where it sends us on to."""

import re
from collections.abc import Generator, Iterator, Mapping
from typing import Any

from lmrt.adapters.huggingface.errors import Place, cut, nonsense, whole_files_only
from lmrt.adapters.huggingface.listing import RemoteFile
from lmrt.adapters.huggingface.policy import HubPolicy
from lmrt.adapters.huggingface.refusals import hub_failure

_STALE = frozenset({400, 401, 403, 404, 410})
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


class PartReader:
    """Reads parts of files, one attempt each; safe to use from several threads.

    The Hub answers for a large file with the signed address of another server. It is remembered
    as long as it works, so that many parts of one file are one request each.

    Args:
        policy: Tells the seconds without a byte after which an attempt fails.
    """

    def __init__(self, policy: HubPolicy) -> None:
        self._policy = policy
        self._moved: dict[str, str] = {}

    def chunks(
        self,
        url: str,
        headers: Mapping[str, str],
        file: RemoteFile,
        place: Place,
        start: int,
        end: int,
        *,
        skipping: bool,
    ) -> Generator[bytes, None, None]:
        """Yield the bytes of a file from `start` up to `end`, as they come.

        Args:
            url: The file's address on the Hub.
            headers: Of a request to the Hub; they hold the user's token.
            file: The file as it is listed.
            place: What is asked for, for errors.
            start: The first byte's offset.
            end: The offset after the last byte, more than `start`.
            skipping: Read over what lies before `start` where a server gives whole files only.

        Raises:
            LmrtError: See `errors`; also after some bytes have come.
        """
        from httpx2 import HTTPError, InvalidURL
        from huggingface_hub import hf_raise_for_status
        from huggingface_hub.errors import OfflineModeIsEnabled

        wanted = range(start, end)
        try:
            if (moved := self._moved.get(url)) is not None:
                with self._get(moved, {}, wanted, file) as response:
                    if response.status_code not in _STALE:
                        hf_raise_for_status(response)
                        yield from _body(response, file, place, wanted, skipping=skipping)
                        return
                self._moved.pop(url, None)
            with self._get(url, headers, wanted, file) as response:
                hf_raise_for_status(response)
                if _elsewhere(response):
                    self._moved[url] = str(response.url)
                yield from _body(response, file, place, wanted, skipping=skipping)
        except (HTTPError, InvalidURL, OfflineModeIsEnabled) as error:
            raise hub_failure(error, place) from error

    def _get(self, url: str, headers: Mapping[str, str], wanted: range, file: RemoteFile) -> Any:
        """Ask for a part; the HTTP client sends the token to no other server than the first."""
        from huggingface_hub import get_session

        asked = {**headers, "Accept-Encoding": "identity"}
        if len(wanted) < file.size:
            asked["Range"] = f"bytes={wanted.start}-{wanted.stop - 1}"
        return get_session().stream(
            "GET", url, headers=asked, timeout=self._policy.seconds, follow_redirects=True
        )


def _elsewhere(response: Any) -> bool:
    """Return whether an answer came from another server than the Hub, where no token is needed."""
    return bool(response.history) and response.url.origin != response.history[0].url.origin


def _body(
    response: Any, file: RemoteFile, place: Place, wanted: range, *, skipping: bool
) -> Iterator[bytes]:
    """Yield the wanted bytes of an answer, and no more, whatever the server sends."""
    skip = _check(response, file, place, wanted, skipping=skipping)
    missing = len(wanted)
    for chunk in response.iter_bytes():
        if skip >= len(chunk):
            skip -= len(chunk)
            continue
        part = chunk[skip : skip + missing]
        skip, missing = 0, missing - len(part)
        yield part
        if not missing:
            return
    raise cut(place, f"{missing:,} of {len(wanted):,} bytes did not come")


def _check(response: Any, file: RemoteFile, place: Place, wanted: range, *, skipping: bool) -> int:
    """Return how many bytes of the answer come before the wanted ones."""
    if response.status_code == 206:
        given = response.headers.get("Content-Range", "")
        match = _CONTENT_RANGE.fullmatch(given)
        if match is None or int(match[1]) != wanted.start or match[3] not in ("*", str(file.size)):
            asked = f"bytes {wanted.start}-{wanted.stop - 1}/{file.size}"
            raise nonsense(place, f"it gave `{given}` for `{asked}`")
        return 0
    length = response.headers.get("Content-Length", str(file.size))
    if response.headers.get("Content-Encoding", "identity") != "identity":
        length = str(file.size)  # the header tells the bytes of the packed form
    if response.status_code != 200 or length != str(file.size):
        what = f"status {response.status_code} with {length} bytes, not the {file.size} listed"
        raise nonsense(place, what)
    if wanted.start and not skipping:
        raise whole_files_only(place)
    return wanted.start
