"""What of the engine is installed, found without importing it."""

import importlib.metadata
import importlib.util
import re
from pathlib import Path

from attrs import frozen

DISTRIBUTION = "llama-cpp-python"
_PACKAGE = "llama_cpp"
_NUMBERS = re.compile(r"(\d+)\.(\d+)\.(\d+)")
_SUFFIXES = (".so", ".dylib")

Version = tuple[int, int, int]


@frozen
class Installation:
    """The package as it lies on the disk.

    Attributes:
        version: The package's version.
        libraries: Folder of its shared libraries, or None where the package is not to be found.
    """

    version: str
    libraries: Path | None

    @property
    def numbers(self) -> Version | None:
        """The version as numbers, or None where it has another form."""
        match = _NUMBERS.match(self.version)
        return None if match is None else (int(match[1]), int(match[2]), int(match[3]))

    def has_library(self, name: str) -> bool:
        """Return whether the shared library `lib<name>` is there."""
        return self.library(name) is not None

    def library(self, name: str) -> Path | None:
        """Return the shared library `lib<name>`, or None where it is not there."""
        folder = self.libraries
        if folder is None:
            return None
        places = (folder / f"lib{name}{suffix}" for suffix in _SUFFIXES)
        return next((place for place in places if place.is_file()), None)


def find_installation() -> Installation | None:
    """Return the installed package, or None where there is none."""
    try:
        version = importlib.metadata.version(DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError:
        return None
    found = importlib.util.find_spec(_PACKAGE)
    places = [] if found is None else list(found.submodule_search_locations or ())
    return Installation(version, Path(places[0]) / "lib" if places else None)
