"""Models that lie on this machine, found and checked; files written whole or not at all."""

from lmrt.adapters.filesystem.atomic import atomic_write
from lmrt.adapters.filesystem.bundled import bundled_models, bundled_models_dir
from lmrt.adapters.filesystem.materializer import LocalMaterializer
from lmrt.adapters.filesystem.source import LocalModelSource
from lmrt.adapters.filesystem.walk import model_folders

__all__ = [
    "LocalMaterializer",
    "LocalModelSource",
    "atomic_write",
    "bundled_models",
    "bundled_models_dir",
    "model_folders",
]
