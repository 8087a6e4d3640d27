"""The engine's bars become shares that only grow."""

import pytest

pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

from lmrt.adapters.torch.progress import ProgressRelay
from lmrt.adapters.torch.quiet import Bar


def test_a_bar_tells_after_each_item() -> None:
    told: list[float] = []
    assert list(Bar("abcd", told.append, desc="Loading")) == list("abcd")
    assert told == [0.25, 0.5, 0.75, 1.0]


def test_a_bar_that_is_counted_by_hand() -> None:
    told: list[float] = []
    with Bar(None, told.append, total=4) as bar:
        bar.set_description("shards")
        bar.update()
        bar.update(5)
        bar.close()
    assert told == [0.25, 1.0]


def test_an_empty_bar_tells_nothing() -> None:
    told: list[float] = []
    assert not list(Bar([], told.append))
    assert not told


def test_shares_never_go_back() -> None:
    told: list[float] = []
    relay = ProgressRelay(told.append)
    relay.tell(0.0)
    for share in (0.5, 0.25, 0.5, 1.0, 0.1):
        relay.tell_weights(share)
    relay.tell(1.0)
    assert told == sorted(set(told))
    assert (told[0], told[-1], len(told)) == (0.0, 1.0, 4)


def test_what_the_function_raises_is_kept() -> None:
    def refuse(_share: float) -> None:
        raise OSError("told")

    relay = ProgressRelay(refuse)
    with pytest.raises(OSError, match="told") as caught:
        relay.tell(0.0)
    assert relay.error is caught.value


def test_nobody_needs_to_listen() -> None:
    ProgressRelay(None).tell(1.0)
