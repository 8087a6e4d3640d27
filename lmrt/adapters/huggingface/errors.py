"""What goes wrong between this machine and the Hub, as one typed error each."""

import re
from difflib import get_close_matches
from typing import Any

from attrs import frozen

from lmrt.domain.describe import listed
from lmrt.domain.errors import LmrtError, ModelNotFound, NotMaterialized
from lmrt.domain.files import printable

PASSING = frozenset(
    {"hub-unreachable", "hub-timeout", "connection-cut", "hub-server-error", "rate-limited"}
)
"""Codes of what may be gone the next moment: worth another attempt."""

_COMMIT = re.compile(r"[0-9a-f]{40}")

_IN_SHORT = {
    "hub-unreachable": "no connection",
    "hub-timeout": "no answer in time",
    "connection-cut": "the connection was cut",
    "hub-server-error": "the Hub fails",
    "rate-limited": "the Hub was asked too often",
}


@frozen
class Place:
    """What was asked for.

    Attributes:
        endpoint: The Hub's address.
        repository: `org/name`.
        revision: Branch, tag or commit, or None for the default branch.
        file: A file's path in the repository, or None for the repository itself.
        logged_in: Whether a token was sent.
    """

    endpoint: str
    repository: str
    revision: str | None = None
    file: str | None = None
    logged_in: bool = False

    def __str__(self) -> str:
        revision = self.revision or ""
        shown = revision[:7] if _COMMIT.fullmatch(revision) else revision
        at = f"{self.repository}@{shown}" if shown else self.repository
        return printable(f"{at}/{self.file}" if self.file else at)

    @property
    def page(self) -> str:
        """The repository's page."""
        return f"{self.endpoint}/{self.repository}"

    @property
    def context(self) -> dict[str, Any]:
        """Facts for an error."""
        return {"repository": self.repository, "revision": self.revision, "file": self.file}


def in_short(error: LmrtError) -> str:
    """Return what went wrong as one clause, for who knows already what was asked for."""
    return _IN_SHORT.get(error.code, error.message)


def no_revision(place: Place, known: tuple[str, ...]) -> ModelNotFound:
    """Return the error for a branch, tag or commit that the repository does not have.

    Args:
        place: With the revision.
        known: The branches and tags that it has, as far as they could be asked for.
    """
    return ModelNotFound(
        f"`{place.repository}` has no revision `{printable(place.revision or 'main')}`",
        code="revision-not-found",
        context={**place.context, "known": list(known)},
        note=f"there is {listed(known)}" if known else None,
        hint="name one of these, or a commit" if known else f"see {place.page}/commits/main",
    )


def no_file(place: Place, known: tuple[str, ...]) -> ModelNotFound:
    """Return the error for a file that the repository does not have.

    Args:
        place: With the file.
        known: The files that it has, as far as they are known.
    """
    close = get_close_matches(place.file or "", known, n=3)
    hint = f"its files are listed at {place.page}/tree/{place.revision or 'main'}"
    if close:
        hint = f"did you mean {listed([printable(name) for name in close])}?"
    return ModelNotFound(
        f"`{place}` does not exist",
        code="file-not-found",
        context={**place.context, "close": close},
        hint=hint,
    )


def unreachable(place: Place, why: str) -> NotMaterialized:
    """Return the error for a Hub to which there is no connection."""
    return NotMaterialized(
        f"the Hub at {place.endpoint} cannot be reached for `{place}`",
        code="hub-unreachable",
        context={**place.context, "endpoint": place.endpoint, "why": why},
        note=why or None,
        hint="check the network, a proxy (`HTTPS_PROXY`) and `HF_ENDPOINT`",
    )


def timed_out(place: Place) -> NotMaterialized:
    """Return the error for a Hub that does not answer in time."""
    return NotMaterialized(
        f"the Hub did not answer in time for `{place}`",
        code="hub-timeout",
        context={**place.context, "endpoint": place.endpoint},
        hint="try again; `HF_HUB_DOWNLOAD_TIMEOUT=60` waits 60 seconds for each answer",
    )


def cut(place: Place, why: str) -> NotMaterialized:
    """Return the error for a connection that ended before all was there."""
    return NotMaterialized(
        f"the connection was cut while `{place}` was coming",
        code="connection-cut",
        context={**place.context, "why": why},
        note=why or None,
        hint="run again: what is here is kept, and the download goes on from there",
    )


def nonsense(place: Place, what: str) -> NotMaterialized:
    """Return the error for an answer that is not the Hub's."""
    return NotMaterialized(
        f"{place.endpoint} did not answer like the Hub when it was asked for `{place}`",
        code="malformed-answer",
        context={**place.context, "endpoint": place.endpoint, "what": what},
        note=what or None,
        hint="a proxy or a login page of the network may stand between; check `HF_ENDPOINT` too",
    )


class WholeFilesOnly(NotMaterialized):
    """A server gives whole files where a part was asked for."""


def whole_files_only(place: Place) -> WholeFilesOnly:
    """Return the error for a server, or a proxy, that gives no parts of files."""
    what = "it gives whole files only, no parts of them"
    told = nonsense(place, what)
    return WholeFilesOnly(
        told.message, code=told.code, context=told.context, note=told.note, hint=told.hint
    )


def offline(place: Place, why: str | None = None) -> NotMaterialized:
    """Return the error for what would need the network, which may not be used."""
    revision = f" --revision {place.revision}" if place.revision else ""
    return NotMaterialized(
        f"`{place}` is not in the Hugging Face cache, and lmrt is offline",
        code="not-downloaded",
        context=place.context,
        note=why,
        hint=f"run once without `--offline` (or `HF_HUB_OFFLINE`), or `hf download "
        f"{place.repository}{revision}` where there is a network",
    )
