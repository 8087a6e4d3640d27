"""A Hub on this machine, and a user who is not logged in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lmrt.adapters.huggingface import HubClient, HubPolicy
from tests.support.hub_server import HubServer

IMPATIENT = HubPolicy(timeout=2.0, attempts=3, pause=0.01, longest_pause=1.0)


@pytest.fixture(autouse=True)
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the token of whoever runs the tests."""
    from huggingface_hub import constants

    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.delenv("HUGGING_FACE_HUB_TOKEN", raising=False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with HubServer() as server:
        yield server


@pytest.fixture
def client(hub: HubServer) -> HubClient:
    return HubClient(hub.url, IMPATIENT)
