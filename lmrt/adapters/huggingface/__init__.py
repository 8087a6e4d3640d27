"""Models in the local Hugging Face cache; nothing here opens a socket."""

from lmrt.adapters.huggingface.source import HubCacheSource

__all__ = ["HubCacheSource"]
