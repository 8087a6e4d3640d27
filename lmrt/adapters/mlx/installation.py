"""What of the engine is installed, found without importing it."""

import re
from importlib.machinery import PathFinder
from pathlib import Path

from attrs import frozen

DISTRIBUTION = "mlx-lm"
_PACKAGE, _CORE = "mlx_lm", "mlx"
_NUMBERS = re.compile(r"(\d+)\.(\d+)\.(\d+)")
_LIBRARIES = ("libmlx.so", "libmlx.dylib")

Version = tuple[int, int, int]


@frozen
class Installation:
    """The packages as they lie on the disk.

    Attributes:
        version: The version of mlx-lm.
        package: Folder of mlx-lm's modules.
        core: Folder of MLX's own package, or None where it is not to be found.
        torch: Whether torch is there too, which mlx-lm's import brings in.
    """

    version: str
    package: Path
    core: Path | None
    torch: bool = False

    @property
    def numbers(self) -> Version | None:
        """The version as numbers, or None where it has another form."""
        match = _NUMBERS.match(self.version)
        return None if match is None else (int(match[1]), int(match[2]), int(match[3]))

    @property
    def has_library(self) -> bool:
        """Whether MLX's shared library is there; a package of its own brings it."""
        return self.library is not None

    @property
    def library(self) -> Path | None:
        """MLX's shared library, or None where it is not there."""
        if self.core is None:
            return None
        places = (self.core / "lib" / name for name in _LIBRARIES)
        return next((place for place in places if place.is_file()), None)


def find_installation() -> Installation | None:
    """Return the installed packages, or None where mlx-lm is not."""
    package = _folder(_PACKAGE)
    if package is None:
        return None
    # Takes longer to import than all else here, so only where there is something to ask
    import importlib.metadata

    try:
        version = importlib.metadata.version(DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError:
        return None
    return Installation(version, package, _folder(_CORE), torch=_folder("torch") is not None)


def _folder(package: str) -> Path | None:
    found = PathFinder.find_spec(package)
    places = [] if found is None else list(found.submodule_search_locations or ())
    return Path(places[0]) if places else None
