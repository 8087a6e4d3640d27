"""A model that is spread over GPUs: where its modules go, and that its hooks pass our steps on.

Both are looked at on the CPU, where everything is on one device; that the transfers between cards
are right can only be seen on such cards.
"""

import pytest
import torch

from lmrt.adapters.torch.devices import Devices, module_devices
from lmrt.adapters.torch.masks import View
from tests.integration.torch_backend.mixing import TEXTS, mixed_logits, plain_logits
from tests.integration.torch_backend.tiny import tiny_model

accelerate = pytest.importorskip("accelerate", reason="accelerate is not installed")

FIRST, SECOND, THIRD = (torch.device("cuda", index) for index in range(3))
SPREAD = Devices(FIRST, ((FIRST, 1), (SECOND, 0), (THIRD, 2)))


def owner(name: str, placed: dict[str, torch.device]) -> torch.device:
    """Return the device of a parameter: that of the longest name that is a part of its own."""
    fitting = [each for each in placed if name.startswith(f"{each}.")]
    return placed[max(fitting, key=len)]


@pytest.mark.parametrize(
    ("model_type", "layers", "first", "last"),
    [
        ("llama", "model.layers.", ["model.embed_tokens."], ["model.norm.", "lm_head."]),
        ("gemma3_text", "model.layers.", ["model.embed_tokens.", "lm_head."], ["model.norm."]),
        (
            "gemma3",
            "model.language_model.layers.",
            ["model.language_model.embed_tokens.", "model.vision_tower.", "lm_head."],
            ["model.language_model.norm."],
        ),
    ],
)
def test_every_parameter_has_its_place(
    model_type: str, layers: str, first: list[str], last: list[str]
) -> None:
    model = tiny_model(model_type)
    placed = module_devices(model, SPREAD)
    for name in model.state_dict():
        found = owner(name, placed)
        if name.startswith(layers):
            number = int(name.removeprefix(layers).split(".")[0])
            assert found == (FIRST, THIRD, THIRD)[number]
        elif any(name.startswith(each) for each in first):
            assert found == FIRST
        elif any(name.startswith(each) for each in last):
            assert found == THIRD


@pytest.mark.parametrize("model_type", ["llama", "gemma2", "mixtral"])
def test_the_engines_hooks_pass_steps_on(model_type: str) -> None:
    model = tiny_model(model_type)
    expected = [plain_logits(model, text) for text in TEXTS]
    names = module_devices(model, SPREAD)
    options = {"force_hooks": True, "skip_keys": ["past_key_values"]}
    accelerate.dispatch_model(model, dict.fromkeys(names, "cpu"), **options)
    assert hasattr(model.model.layers[0], "_hf_hook")
    for logits, plain in zip(mixed_logits(model, apart=False), expected, strict=True):
        assert (logits - plain).abs().max() < 2e-5 * plain.abs().max()


def test_a_mask_follows_to_another_device_once() -> None:
    view = View(0, 2, 0, 3, mask=torch.ones(1, 1, 2, 3, dtype=torch.bool))
    here, there = torch.device("cpu"), torch.device("meta")
    assert view.mask_on(here) is view.mask
    copied = view.mask_on(there, 4)
    assert copied is not None
    assert (copied.device, tuple(copied.shape)) == (there, (1, 1, 8, 3))
    assert view.mask_on(there, 4) is copied
    assert View(0, 2, 0, 3).mask_on(there) is None
