"""What of the engine is installed, found without importing it."""

import re
from importlib.machinery import PathFinder
from pathlib import Path

from attrs import frozen

TORCH, TRANSFORMERS, ACCELERATE = "torch", "transformers", "accelerate"
_NUMBERS = re.compile(r"(\d+)\.(\d+)")
_CUDA_LIBRARY = "libtorch_cuda.so"
_CPU_LIBRARIES = ("libtorch_cpu.so", "libtorch_cpu.dylib")

Version = tuple[int, int]


@frozen
class Installation:
    """The packages as they lie on the disk.

    Attributes:
        torch: The version of torch, or None where it is not installed.
        transformers: The version of transformers, or None.
        accelerate: The version of accelerate, or None.
        cuda: Whether this build of torch has its part for NVIDIA GPUs.
        library: The shared library of torch's CPU part, or None where it is not to be found.
    """

    torch: str | None
    transformers: str | None
    accelerate: str | None
    cuda: bool = False
    library: Path | None = None


def find_installation() -> Installation:
    """Return the installed packages."""
    folder = _folder(TORCH)
    places = () if folder is None else (folder / "lib" / name for name in _CPU_LIBRARIES)
    return Installation(
        torch=_version(TORCH),
        transformers=_version(TRANSFORMERS),
        accelerate=_version(ACCELERATE),
        cuda=folder is not None and (folder / "lib" / _CUDA_LIBRARY).is_file(),
        library=next((place for place in places if place.is_file()), None),
    )


def numbers(version: str) -> Version | None:
    """Return the first two numbers of a version, or None where it has another form."""
    match = _NUMBERS.match(version)
    return None if match is None else (int(match[1]), int(match[2]))


def _folder(package: str) -> Path | None:
    found = PathFinder.find_spec(package)
    places = [] if found is None else list(found.submodule_search_locations or ())
    return Path(places[0]) if places else None


def _version(package: str) -> str | None:
    if _folder(package) is None:
        return None
    # Takes longer to import than all else here, so only where there is something to ask.
    import importlib.metadata

    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
