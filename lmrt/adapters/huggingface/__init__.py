"""Models on the Hugging Face Hub and in its local cache."""

from lmrt.adapters.huggingface.client import HubClient
from lmrt.adapters.huggingface.materializer import HubMaterializer
from lmrt.adapters.huggingface.metadata import HubMetadata
from lmrt.adapters.huggingface.policy import HubPolicy
from lmrt.adapters.huggingface.source import HubModelSource

__all__ = [
    "HubClient",
    "HubMaterializer",
    "HubMetadata",
    "HubModelSource",
    "HubPolicy",
]
