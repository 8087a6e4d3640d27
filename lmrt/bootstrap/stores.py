"""The stores of models on this machine."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from lmrt.bootstrap.models import artifact_readers, bundled_models

if TYPE_CHECKING:
    from lmrt.adapters.stores import PlaceReader
    from lmrt.application.stores import Stores
    from lmrt.domain.stores import StorePlaces


def stores(models_dir: Path, places: "StorePlaces") -> "Stores":
    """Return the view over every store of models on this machine.

    Args:
        models_dir: Root of local models.
        places: Where the stores of other tools are.
    """
    from lmrt.adapters import stores as found
    from lmrt.adapters.filesystem import model_folders
    from lmrt.adapters.huggingface.cache import default_cache
    from lmrt.application.stores import Stores
    from lmrt.domain.stores import StoreName

    reader = _place_reader(places)

    def folders(name: StoreName, roots: Iterable[Path], refer: found.Refer) -> found.FolderStore:
        return found.FolderStore(name, tuple(roots), reader=reader, walk=model_folders, refer=refer)

    return Stores(
        (
            folders(StoreName.BUNDLED, bundled_models().values(), found.bundled),
            found.HuggingFaceStore(default_cache(), reader, model_folders),
            found.OllamaStore(places.ollama, reader),
            folders(StoreName.LM_STUDIO, found.lm_studio_roots(places.home), found.by_path),
            found.LlamaCppStore(places.llama_cpp, reader),
            folders(StoreName.MODELS_DIR, [models_dir], found.below_models_dir),
        ),
        found.DiskContent(),
    )


def _place_reader(places: "StorePlaces") -> "PlaceReader":
    from lmrt.adapters import gguf, safetensors
    from lmrt.adapters import stores as found
    from lmrt.adapters.filesystem import atomic_write

    kept = None
    if places.cache is not None:
        version = found.sources_version(gguf, safetensors, found)
        kept = found.CacheFile(places.cache / "stores.json", version, atomic_write)
    return found.PlaceReader(artifact_readers(), found.FactsCache(kept))
