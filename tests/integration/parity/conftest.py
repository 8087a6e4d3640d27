"""A check of this machine's real backends."""

import pytest

from lmrt.application.parity import ParityCheck
from lmrt.bootstrap.client import parity_check

for name in ("llama_cpp", "mlx_lm", "torch", "transformers"):
    pytest.importorskip(name, reason=f"{name} is not installed")


@pytest.fixture(scope="module")
def check() -> ParityCheck:
    return parity_check(aliases={})
