"""How models in folders are named and referred to."""

from pathlib import Path

from lmrt.domain.errors import ConfigurationError
from lmrt.domain.references import UnderModelsDir, interpretations


def below_models_dir(root: Path, place: Path) -> tuple[str, str]:
    """Return the path below the root, twice; as reference the whole path where that is no name."""
    name = _relative(root, place)
    try:
        readable = UnderModelsDir(name) in interpretations(name)
    except ConfigurationError:
        readable = False
    return name, name if readable else str(place)


def by_path(root: Path, place: Path) -> tuple[str, str]:
    """Return the path below the root, and the whole path as reference."""
    return _relative(root, place), str(place)


def bundled(root: Path, place: Path) -> tuple[str, str]:
    """Return the path with the model's folder, and that folder's name, which is the alias."""
    return f"{root.name}/{_relative(root, place)}", root.name


def _relative(root: Path, place: Path) -> str:
    return place.relative_to(root).as_posix()
