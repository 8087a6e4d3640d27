"""Repositories on the Hub described from their headers, with every fetched byte counted."""

from pathlib import Path

import pytest

from lmrt.adapters.gguf import GgufReader, GgufSketcher
from lmrt.adapters.huggingface import HubClient, HubMetadata, HubPolicy
from lmrt.adapters.huggingface.listing import Listing
from lmrt.adapters.huggingface.metadata import Described
from lmrt.adapters.safetensors import SafetensorsReader, SafetensorsSketcher
from lmrt.domain.errors import LmrtError
from tests.support.large_vocabularies import Variant

READERS = (GgufReader(), SafetensorsReader())
SKETCHERS = (GgufSketcher(), SafetensorsSketcher())


class CountingClient(HubClient):
    """A client that tells how many bytes it fetched."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(endpoint, HubPolicy(timeout=5.0, attempts=3, pause=0.01))
        self.fetched: list[int] = []

    def fetch(self, listing: Listing, name: str, start: int, end: int) -> bytes:
        data = super().fetch(listing, name, start, end)
        self.fetched.append(len(data))
        return data


def described(client: CountingClient, cache: Path) -> Described:
    """Return what a new process would tell of `org/name`."""
    return HubMetadata(client, READERS, SKETCHERS, cache).describe(client.listing("org/name"))


def refused(client: CountingClient, cache: Path) -> LmrtError:
    with pytest.raises(LmrtError) as caught:
        described(client, cache)
    return caught.value


def odd_vocabulary(path: Path) -> None:
    """Write a file with tokens so long that they are not found to end, and too many to read."""
    tokens = tuple(f"{number:05}" * 400 for number in range(3000))
    Variant(tokens=tokens, layers=2).write(path)
