"""The engine, imported on first use and told of our attention."""

import importlib
import threading
from functools import cache
from typing import Any

from lmrt.adapters.torch import errors

ATTENTION = "lmrt"
"""Name of our attention among the engine's."""

_importing = threading.Lock()


def transformers() -> Any:
    """Return the module `transformers`.

    Raises:
        LoadFailed: It or torch cannot be imported (`engine-load-failed`).
    """
    with _importing:
        return _import()


@cache
def _import() -> Any:
    try:
        engine = importlib.import_module("transformers")
        masking = importlib.import_module("transformers.masking_utils")
        modeling = importlib.import_module("transformers.modeling_utils")
        from lmrt.adapters.torch import attention, masks
    except (ImportError, OSError, RuntimeError, AttributeError, ValueError) as error:
        raise errors.engine_missing(error) from error
    modeling.AttentionInterface.register(ATTENTION, attention.attend)
    masking.AttentionMaskInterface.register(ATTENTION, masks.make_mask)
    return engine


@cache
def causal_rule() -> Any:
    """Return the engine's rule that a position may look at itself and at all before it."""
    return importlib.import_module("transformers.masking_utils").causal_mask_function


def version() -> str:
    """Return the engine's name and version; it must have been imported."""
    import torch

    return f"torch {torch.__version__}, transformers {transformers().__version__}"
