"""Where models come from, and what reads their files."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from lmrt.bootstrap.machine import cache_folder
from lmrt.domain.catalogue import Catalogue
from lmrt.domain.models import ArtifactFormat
from lmrt.domain.references import Aliases
from lmrt.ports.models import ArtifactReader, DownloadProgress, ModelSource
from lmrt.ports.text import TokenizerFactory

if TYPE_CHECKING:
    from lmrt.adapters.huggingface import HubClient


def bundled_models() -> Mapping[str, Path]:
    """Return the folders of the models that come with lmrt, by alias."""
    from lmrt.adapters.filesystem import bundled_models

    return bundled_models()


def catalogue() -> Catalogue:
    """Return the short names of well-known models with what stands behind them."""
    from lmrt.adapters.catalogue import read_catalogue

    return read_catalogue()


def model_sources(
    aliases: Aliases, client: "HubClient", progress: DownloadProgress | None
) -> tuple[ModelSource, ...]:
    """Return the places where models are found, the first that knows a reference first.

    Args:
        aliases: The user's own short names.
        client: Asks the Hub.
        progress: Told of headers that are read.
    """
    from lmrt.adapters.catalogue import CatalogueSource, OwnVariantsSource
    from lmrt.adapters.filesystem import LocalModelSource
    from lmrt.adapters.gguf import GgufSketcher
    from lmrt.adapters.huggingface import HubMetadata, HubModelSource
    from lmrt.adapters.safetensors import SafetensorsSketcher

    readers = artifact_readers()
    sketchers = (GgufSketcher(), SafetensorsSketcher())
    local = LocalModelSource(readers, bundled_models())
    metadata = HubMetadata(client, readers, sketchers, cache_folder())
    hub = HubModelSource(readers, client, metadata, progress=progress)
    return (OwnVariantsSource(aliases, local, hub), local, CatalogueSource(hub), hub)


def artifact_readers() -> tuple[ArtifactReader, ...]:
    """Return a reader for each sort of artifact."""
    from lmrt.adapters.gguf import GgufReader
    from lmrt.adapters.safetensors import SafetensorsReader

    return (GgufReader(), SafetensorsReader())


def tokenizers() -> Mapping[ArtifactFormat, TokenizerFactory]:
    """Return what makes the tokenizer of each sort of artifact."""
    from lmrt.adapters.gguf import check_vocabulary
    from lmrt.adapters.llama_cpp import gguf_tokenizers
    from lmrt.adapters.tokenizers import HfTokenizerFactory

    directories = HfTokenizerFactory()
    return {
        ArtifactFormat.GGUF: gguf_tokenizers(check_vocabulary),
        ArtifactFormat.SAFETENSORS: directories,
        ArtifactFormat.MLX: directories,
        ArtifactFormat.PICKLE: directories,
    }
