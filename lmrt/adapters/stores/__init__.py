"""The stores of models on this machine: read without copying a byte and without a socket."""

from lmrt.adapters.stores.content import DiskContent
from lmrt.adapters.stores.facts_cache import CacheFile, FactsCache, sources_version
from lmrt.adapters.stores.folders import FolderStore, Refer
from lmrt.adapters.stores.hugging_face import HuggingFaceStore
from lmrt.adapters.stores.llama_cpp import LlamaCppStore
from lmrt.adapters.stores.lm_studio import lm_studio_roots
from lmrt.adapters.stores.ollama import OllamaStore
from lmrt.adapters.stores.reading import PlaceReader
from lmrt.adapters.stores.references import below_models_dir, bundled, by_path

__all__ = [
    "CacheFile",
    "DiskContent",
    "FactsCache",
    "FolderStore",
    "HuggingFaceStore",
    "LlamaCppStore",
    "OllamaStore",
    "PlaceReader",
    "Refer",
    "below_models_dir",
    "bundled",
    "by_path",
    "lm_studio_roots",
    "sources_version",
]
