"""The models of the contracts."""

import importlib.util

import pytest

from tests.contract.conftest import hf_folders

__all__ = ["hf_folders"]

if importlib.util.find_spec("mlx_lm") is None:
    pytest.skip("mlx-lm is not installed", allow_module_level=True)
