"""The engine, without which there is nothing to test here, and the models of the contracts."""

import pytest

from tests.contract.conftest import hf_folders

__all__ = ["hf_folders"]

pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")
