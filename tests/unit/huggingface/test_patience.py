"""How long the Hub is waited for follows from what went wrong."""

import pytest

from lmrt.adapters.huggingface import HubPolicy
from lmrt.adapters.huggingface.errors import (
    PASSING,
    Place,
    cut,
    in_short,
    nonsense,
    timed_out,
    unreachable,
)
from lmrt.domain.errors import LmrtError, NotMaterialized

POLICY = HubPolicy(timeout=5.0, attempts=5, pause=0.5, longest_pause=30.0)
LISTING = Place("https://hub", "org/name")
FILE = Place("https://hub", "org/name", "main", "a.gguf")


def pauses(failure: LmrtError) -> list[float]:
    """Return the pauses until the failure counts."""
    found: list[float] = []
    while (pause := POLICY.pause_after(failure, len(found) + 1)) is not None:
        found.append(pause)
    return found


def test_what_may_pass_is_asked_for_again_ever_less_often() -> None:
    assert pauses(cut(FILE, "")) == [0.5, 1.0, 2.0, 4.0]
    assert pauses(timed_out(FILE)) == [0.5, 1.0, 2.0, 4.0]


@pytest.mark.parametrize("failure", [timed_out(LISTING), unreachable(LISTING, "")])
def test_without_any_answer_the_cache_is_looked_at_soon(failure: LmrtError) -> None:
    assert pauses(failure) == [0.5]


def test_what_does_not_pass_is_not_asked_for_again() -> None:
    assert pauses(nonsense(FILE, "")) == []
    assert "malformed-answer" not in PASSING


@pytest.mark.parametrize(("asked", "waited"), [(0, [0.0] * 4), (30, [30.0] * 4), (31, [])])
def test_the_hub_s_own_word_counts_within_reason(asked: int, waited: list[float]) -> None:
    context = {"file": "a.gguf", "retry_after": asked}
    assert pauses(NotMaterialized("", code="rate-limited", context=context)) == waited


def test_the_library_s_timeout_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_DOWNLOAD_TIMEOUT", 77)
    assert HubPolicy().seconds == 77.0
    assert POLICY.seconds == 5.0


@pytest.mark.parametrize("code", sorted(PASSING))
def test_what_is_waited_for_is_told_in_short(code: str) -> None:
    assert in_short(NotMaterialized("a long message", code=code)) != "a long message"
