"""The models of the contracts."""

import pytest

from tests.contract.conftest import hf_folders

__all__ = ["hf_folders"]

pytest.importorskip("mlx_lm", reason="mlx-lm is not installed")
