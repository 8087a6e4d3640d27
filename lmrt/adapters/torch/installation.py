"""Whether torch is installed, found without importing it."""

from importlib.machinery import PathFinder

DISTRIBUTION = "torch"
_PACKAGE = "torch"


def installed_version() -> str | None:
    """Return the version of the installed package, or None where there is none."""
    if PathFinder.find_spec(_PACKAGE) is None:
        return None
    # Takes longer to import than all else here, so only where there is something to ask
    import importlib.metadata

    try:
        return importlib.metadata.version(DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError:
        return None
