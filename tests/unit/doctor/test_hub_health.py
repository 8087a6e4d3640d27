"""The token, and the Hub against a real server."""

import socket
from pathlib import Path

import pytest

from lmrt.adapters.huggingface.hub_health import HubCheck
from lmrt.domain.remedies import Remedy
from lmrt.domain.tokens import malformed_token
from tests.support.hub_faults import Delay, Page, Refusal
from tests.support.hub_server import HubServer

TOKEN = "hf_" + "a" * 34


@pytest.fixture(autouse=True)
def _no_token_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))


def asked(hub: HubServer, token: str | None = None, seconds: float = 5.0) -> list[Remedy]:
    return list(HubCheck(token, online=True, endpoint=hub.url, seconds=seconds).findings())


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        (TOKEN, None),
        ("api_org_" + "a" * 34, None),
        ("", "is empty"),
        (f'"{TOKEN}"', "stands in quotation marks"),
        (f"{TOKEN} # mine", "holds a blank or a line break"),
        ("hf_ä" + "a" * 20, "holds letters that no token has"),
        ("my password", "holds a blank or a line break"),
        ("password123456", "does not begin with `hf_`"),
        ("hf_x", "is too short"),
    ],
)
def test_tokens(token: str, reason: str | None) -> None:
    assert malformed_token(token) == reason


def test_a_malformed_token_is_neither_sent_nor_told() -> None:
    with HubServer() as hub:
        (found,) = asked(hub, "secret-password-1")
        assert found.code == "token-malformed"
        assert "secret-password-1" not in f"{found!r} {found.what} {found.why} {found.command}"
        assert not hub.asked


def test_a_token_of_the_file_counts_where_the_environment_has_none(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("no token\n")
    (found,) = HubCheck(None, online=False).findings()
    assert found.code == "token-malformed"
    assert not HubCheck(TOKEN, online=False).findings()


def test_without_online_no_socket_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert not HubCheck(TOKEN, online=False).findings()


def test_a_hub_that_answers_is_well() -> None:
    with HubServer() as hub:
        hub.tokens.add(TOKEN)
        assert asked(hub) == []
        assert asked(hub, TOKEN) == []
        assert [one.token for one in hub.asked] == [None, TOKEN]


def test_a_token_that_the_hub_refuses() -> None:
    with HubServer() as hub:
        (found,) = asked(hub, TOKEN)
        assert found.code == "token-refused"


def test_a_hub_that_is_not_there() -> None:
    with HubServer() as hub:
        url = hub.url
    (found,) = HubCheck(None, online=True, endpoint=url).findings()
    assert (found.code, found.command) == ("hub-unreachable", f"curl -I {url}")


def test_a_hub_that_does_not_answer_in_time() -> None:
    with HubServer() as hub:
        hub.faults.append(Delay("", seconds=3.0))
        assert [one.code for one in asked(hub, seconds=0.2)] == ["hub-unreachable"]


def test_a_hub_that_fails_and_a_login_page() -> None:
    with HubServer() as hub:
        hub.faults.append(Refusal(""))
        assert "it answers 503" in asked(hub)[0].what
        hub.faults[:] = [Page("")]
        assert "login page" in asked(hub)[0].what
