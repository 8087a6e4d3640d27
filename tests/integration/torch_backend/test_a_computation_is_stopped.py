"""A release while the engine computes stops it between layers, unless others would lose work."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from lmrt.adapters.torch.cache import PoolCache
from lmrt.adapters.torch.model import TorchModel
from lmrt.domain.sequences import EndReason, SequenceEnded, SequenceHandle
from tests.integration.torch_backend.support import load
from tests.support.sequences import admit, drain, request, run

PROMPT = [7, 21, 30, 7, 21, 9, 28, 7] * 6
OTHER = [22, 23, 24, 25, 26]
LAYERS = 4
"""Of the model that is loaded here."""


@pytest.fixture
def model(hf_folders: Callable[[str], Path]) -> Iterator[TorchModel]:
    loaded = load(hf_folders("gemma3"), batch_size=32)
    yield loaded
    loaded.close()


class Releasing:
    """Releases sequences when the engine comes to a layer; counts the layers."""

    def __init__(self, model: TorchModel, layer: int, *handles: SequenceHandle) -> None:
        assert model._parts is not None
        self.cache = model._parts.memory.cache
        self.model, self.layer, self.handles = model, layer, handles
        self.layers = 0

    def __enter__(self) -> "Releasing":
        self.update = self.cache.update
        self.cache.update = self._update  # type: ignore[method-assign,assignment]
        return self

    def __exit__(self, *_error: object) -> None:
        self.cache.update = self.update  # type: ignore[method-assign]

    def _update(
        self, keys: torch.Tensor, values: torch.Tensor, layer_idx: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if layer_idx == self.layer:
            for handle in self.handles:
                self.model.release(handle)
        found = self.update(keys, values, layer_idx)
        self.layers += 1
        return found


@pytest.mark.parametrize("layer", range(LAYERS))
@pytest.mark.parametrize("steps", [0, 1, 4])
def test_the_only_sequence(model: TorchModel, layer: int, steps: int) -> None:
    expected = run(model, request(PROMPT)).tokens
    handle = admit(model, request([*PROMPT[:20], *OTHER, *PROMPT]))
    for _ in range(steps):
        model.step()
    with Releasing(model, layer, handle) as found:
        assert model.step() == [SequenceEnded(handle, EndReason.RELEASED)]
    assert found.layers == layer
    assert not model.step()
    assert run(model, request(PROMPT)).tokens == expected


def test_every_sequence(model: TorchModel) -> None:
    expected = run(model, request(OTHER)).tokens
    handles = admit(model, request(PROMPT)), admit(model, request(OTHER))
    model.step()
    with Releasing(model, 1, *handles) as found:
        events = model.step()
    assert found.layers == 1
    assert events == [SequenceEnded(handle, EndReason.RELEASED) for handle in handles]
    assert run(model, request(OTHER)).tokens == expected


def test_not_while_another_sequence_goes_on(model: TorchModel) -> None:
    expected = run(model, request(OTHER)).tokens
    gone, stays = admit(model, request(PROMPT)), admit(model, request(OTHER))
    for _ in range(4):
        model.step()
    with Releasing(model, 1, gone) as found:
        events = model.step()
    assert found.layers == LAYERS
    assert not [event for event in events if event.handle == gone]
    heard = drain(model, gone, stays)
    assert heard[gone].events == [SequenceEnded(gone, EndReason.RELEASED)]
    assert run(model, request(OTHER)).tokens == expected


def test_what_was_computed_before_the_stop_is_kept(model: TorchModel) -> None:
    handle = admit(model, request(PROMPT))
    model.step()
    with Releasing(model, 2, handle):
        model.step()
    assert run(model, request(PROMPT)).prefill.reused == 32


def test_logits_are_computed_whoever_was_released(model: TorchModel) -> None:
    expected = list(model.logits(PROMPT))
    handle = admit(model, request(PROMPT))
    model.release(handle)
    assert list(model.logits(PROMPT)) == expected


def test_the_cache_that_is_stopped_is_the_models_own(model: TorchModel) -> None:
    assert model._parts is not None
    assert isinstance(model._parts.memory.cache, PoolCache)
    handle = admit(model, request(PROMPT))
    model.release(handle)
    assert model._parts.memory.cache.stop
    model.step()
    assert not model._parts.memory.cache.stop
