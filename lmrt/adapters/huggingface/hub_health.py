"""Whether the token can be one, and, where that is asked for, whether the Hub answers."""

from pathlib import Path

from attrs import field, frozen

from lmrt.domain.remedies import Remedy
from lmrt.domain.remedies_hub import HubUnreachable, TokenMalformed, TokenRefused
from lmrt.domain.tokens import malformed_token

_SECONDS = 3.0
_LARGEST = 4096


@frozen
class HubCheck:
    """`HealthCheck` of the Hub; without `online` it opens no socket.

    Attributes:
        token: What the environment gives as the token, or None: then the token file counts.
        online: Whether the Hub is asked.
        endpoint: The Hub's address, or None for what the user set.
        seconds: How long it is waited for.
    """

    token: str | None = field(repr=False)
    online: bool
    endpoint: str | None = None
    seconds: float = _SECONDS

    def findings(self) -> tuple[Remedy, ...]:
        """Return what is wrong with the token or the Hub."""
        from huggingface_hub import constants

        token = self.token if self.token is not None else _stored(Path(constants.HF_TOKEN_PATH))
        if token is not None and (reason := malformed_token(token)):
            return (TokenMalformed(reason),)
        if not self.online:
            return ()
        found = self._asked((self.endpoint or constants.ENDPOINT).rstrip("/"), token)
        return () if found is None else (found,)

    def _asked(self, endpoint: str, token: str | None) -> Remedy | None:
        from httpx2 import HTTPError, InvalidURL
        from huggingface_hub import get_session

        path = "/api/models?limit=1" if token is None else "/api/whoami-v2"
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        try:
            answer = get_session().get(endpoint + path, headers=headers, timeout=self.seconds)
            if answer.status_code == 401 and token is not None:
                return TokenRefused(endpoint)
            if answer.status_code >= 400:
                return HubUnreachable(endpoint, f"it answers {answer.status_code}")
            answer.json()
        except (HTTPError, InvalidURL, OSError) as error:
            told = " ".join(str(error).split()) or type(error).__name__
            return HubUnreachable(endpoint, told)
        except ValueError:
            return HubUnreachable(endpoint, "it answers with a page, as a login page does")
        return None


def _stored(path: Path) -> str | None:
    """Return the token in the file of `hf auth login`, or None."""
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST).decode("utf-8", "replace").strip() or None
    except OSError:
        return None
