"""The models that come with the package."""

from collections.abc import Mapping
from pathlib import Path

_PACKAGE = Path(__file__).parents[2]


def bundled_models_dir() -> Path:
    """Return the folder of bundled models: `lmrt/bundled` in a wheel, `models` in a checkout."""
    installed = _PACKAGE / "bundled"
    return installed if installed.is_dir() else _PACKAGE.parent / "models"


def bundled_models() -> Mapping[str, Path]:
    """Return the alias of each bundled model with its folder."""
    return {"guide": bundled_models_dir() / "guide"}
