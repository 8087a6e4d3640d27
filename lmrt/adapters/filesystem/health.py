"""Whether the folders of local models are there and can be read."""

import os
from collections.abc import Mapping
from pathlib import Path

from attrs import frozen

from lmrt.domain.remedies import Remedy
from lmrt.domain.remedies_machine import (
    BundledModelMissing,
    ModelsDirMissing,
    ModelsDirUnreadable,
)

_WEIGHTS = frozenset({".gguf", ".safetensors"})


@frozen
class FoldersCheck:
    """`HealthCheck` of local models.

    Attributes:
        models_dir: The root that the user named, or None where it is the default, which need not
            exist.
        bundled: The folders of bundled models, by alias.
    """

    models_dir: Path | None
    bundled: Mapping[str, Path]

    def findings(self) -> tuple[Remedy, ...]:
        """Return what is not there or cannot be read."""
        missing = (BundledModelMissing(path) for path in self.bundled.values() if _empty(path))
        return (*missing, *self._models_dir())

    def _models_dir(self) -> tuple[Remedy, ...]:
        folder = self.models_dir
        if folder is None:
            return ()
        try:
            with os.scandir(folder):
                return ()
        except FileNotFoundError:
            return (ModelsDirMissing(folder),)
        except OSError as error:
            return (ModelsDirUnreadable(folder, error.strerror or str(error)),)


def _empty(folder: Path) -> bool:
    try:
        return not any(path.suffix in _WEIGHTS for path in folder.iterdir())
    except OSError:
        return True
