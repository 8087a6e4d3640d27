"""The engine is stopped only while every live sequence is released."""

import ctypes
from typing import Any

from lmrt.adapters.llama_cpp.abort import AbortFlag
from lmrt.domain.batching.releases import Releases
from lmrt.domain.sequences import SequenceHandle

ONE, TWO, THREE = (SequenceHandle(number) for number in (1, 2, 3))


class Api:
    """As much of the engine's API as the abort flag needs."""

    ggml_abort_callback = ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_void_p)


class Params:
    """The two fields that the flag sets."""

    abort_callback: Any
    abort_callback_data: int

    def stops(self) -> bool:
        """What the engine is told when it asks."""
        return bool(self.abort_callback(self.abort_callback_data))


def made(*live: SequenceHandle) -> tuple[Releases, Params]:
    flag, params = AbortFlag(), Params()
    flag.install(params, Api())
    releases = Releases(flag.set)
    for handle in live:
        releases.admitted(handle)
    return releases, params


def test_the_only_sequence() -> None:
    releases, params = made(ONE)
    assert not params.stops()
    releases.release(ONE)
    assert params.stops()
    assert releases.released() == (ONE,)
    releases.ended(ONE)
    assert not params.stops()
    assert releases.released() == ()


def test_all_sequences_or_none() -> None:
    releases, params = made(ONE, TWO)
    releases.release(TWO)
    assert not params.stops()
    releases.release(ONE)
    assert params.stops()
    assert releases.released() == (ONE, TWO)
    releases.admitted(THREE)
    assert not params.stops()


def test_the_last_sequence_that_goes_on_ends() -> None:
    releases, params = made(ONE, TWO)
    releases.release(ONE)
    releases.ended(TWO)
    assert params.stops()


def test_what_is_not_live_is_ignored() -> None:
    releases, params = made(ONE)
    releases.release(TWO)
    releases.ended(ONE)
    releases.release(ONE)
    assert not params.stops()
    assert not releases.pending
