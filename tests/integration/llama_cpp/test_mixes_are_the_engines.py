"""The types that the golden plans' files have are those that llama.cpp would choose."""

from pathlib import Path

import pytest

from tests.support.published import MODELS, Published
from tests.support.published.gguf_files import write_gguf
from tests.support.published.mixes import mixed, tensor_type
from tests.support.quantize_dry_run import chosen_types

ROUNDED = [one for one in MODELS if set(one.mixes) - {"F16", "BF16", "MXFP4"}]


@pytest.mark.parametrize("one", ROUNDED, ids=lambda one: one.alias)
def test_every_tensor_has_the_type_that_the_engine_chooses(one: Published, tmp_path: Path) -> None:
    mixes = sorted(set(one.mixes) - {"F16", "BF16", "MXFP4"})
    file = write_gguf(one.blueprint, "F16", tmp_path / "plain.gguf", one.alias)

    facts = mixed(one.blueprint)
    for mix, chosen in zip(mixes, chosen_types([(file, mix) for mix in mixes]), strict=True):
        ours = {tensor[0]: tensor_type(mix, tensor, facts) for tensor in one.blueprint.tensors}
        assert ours == chosen, mix
