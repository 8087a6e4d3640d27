"""Refusals of the Hub, and failures of its connection, into typed errors."""

import re
from typing import Any

from lmrt.adapters.huggingface.errors import (
    Place,
    cut,
    no_file,
    no_revision,
    nonsense,
    offline,
    timed_out,
    unreachable,
)
from lmrt.domain.errors import ConfigurationError, LmrtError, ModelNotFound, NotMaterialized
from lmrt.domain.files import printable

_LOG_IN = "log in with `hf auth login`, or set `HF_TOKEN`"
_TOKEN_REFUSED = re.compile(r"invalid (credentials|user token|username or password)", re.IGNORECASE)
_LONGEST = 300


def hub_failure(error: Exception, place: Place) -> LmrtError:
    """Return the typed error for what `huggingface_hub` or its HTTP client raised."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

    match error:
        case HfHubHTTPError():
            return _answered(error, place)
        case OfflineModeIsEnabled():
            return offline(place)
        case HFValidationError():
            return ConfigurationError(
                printable(f"`{place.repository}` can be no repository: {_short(error)}"),
                code="invalid-reference",
                context=place.context,
                hint="a repository is `org/name`, of letters, digits, `-`, `_` and `.`",
            )
        case httpx2.TimeoutException():
            return timed_out(place)
        case httpx2.ConnectError() | httpx2.ProxyError() | httpx2.UnsupportedProtocol():
            return unreachable(place, _short(error))
        case httpx2.TransportError():
            return cut(place, _short(error))
        case _:
            return nonsense(place, _short(error))


def _answered(error: Any, place: Place) -> LmrtError:
    """Return the error for an answer that is a refusal."""
    from huggingface_hub import errors

    status, said = error.response.status_code, printable(error.server_message or "")[:_LONGEST]
    if isinstance(error, errors.GatedRepoError):
        return _gated(place)
    if isinstance(error, errors.RevisionNotFoundError):
        return no_revision(place, ())
    if isinstance(error, errors.RemoteEntryNotFoundError):
        return no_file(place, ())
    # The Hub says so only in words, and says "invalid username or password" of what does not exist
    # as well, where nobody is logged in.
    if status == 401 and place.logged_in and _TOKEN_REFUSED.search(said):
        return NotMaterialized(
            f"the Hub does not accept your token for `{place}`",
            code="token-refused",
            context={**place.context, "said": said},
            hint="it may have expired: " + _LOG_IN + " with a new one",
        )
    if isinstance(error, errors.RepositoryNotFoundError) or status == 404:
        return _no_repository(place)
    if status == 401:
        return _not_logged_in(place, f"the Hub asks for a login to give `{place}`")
    if status == 429:
        return _rate_limited(error, place)
    if status == 408 or status >= 500:
        return NotMaterialized(
            f"the Hub cannot give `{place}` now: it answers {status}",
            code="hub-server-error",
            context={**place.context, "status": status, "said": said},
            note=said or None,
            hint="try again in some minutes; https://status.huggingface.co says how it is",
        )
    return NotMaterialized(
        f"the Hub refuses `{place}`: it answers {status}",
        code="access-refused",
        context={**place.context, "status": status, "said": said},
        note=said or None,
        hint=f"see {place.page}; a token must have the right to read this repository",
    )


def _gated(place: Place) -> NotMaterialized:
    if not place.logged_in:
        error = _not_logged_in(place, f"`{place.repository}` is gated, and you are not logged in")
        error.hint = f"accept its terms at {place.page}, then {_LOG_IN}"
        return error
    return NotMaterialized(
        f"`{place.repository}` is gated, and your account has no access",
        code="gated-repository",
        context={**place.context, "page": place.page},
        hint=f"accept its terms at {place.page}, then run again; some owners take days to answer",
    )


def _not_logged_in(place: Place, message: str) -> NotMaterialized:
    return NotMaterialized(
        message,
        code="not-logged-in",
        context={**place.context, "page": place.page},
        hint=_LOG_IN,
    )


def _no_repository(place: Place) -> ModelNotFound:
    private = "a private one looks like this to an account without access"
    if not place.logged_in:
        private = f"a private one looks like this without a login: {_LOG_IN}"
    return ModelNotFound(
        f"there is no repository `{place.repository}` on the Hub",
        code="repository-not-found",
        context=place.context,
        note=private,
        hint=f"look for the name at {place.endpoint}/models?search="
        f"{place.repository.rpartition('/')[2]}",
    )


def _rate_limited(error: Any, place: Place) -> NotMaterialized:
    after = error.response.headers.get("Retry-After", "").strip()
    reset = re.search(r";\s*t\s*=\s*(\d+)", error.response.headers.get("ratelimit", ""))
    seconds = int(after) if after.isdecimal() else int(reset[1]) if reset else None
    wait = "some minutes" if seconds is None else f"{seconds} seconds"
    return NotMaterialized(
        f"the Hub gives no more answers for now: it was asked too often for `{place}`",
        code="rate-limited",
        context={**place.context, "retry_after": seconds},
        hint=f"wait {wait}" + ("" if place.logged_in else "; more is allowed to those who log in"),
    )


def _short(error: Exception) -> str:
    return printable(" ".join(str(error).split()))[:_LONGEST]
