"""torch through transformers: a token-level backend.

Importing this package loads nothing of the engine.
"""

from lmrt.ports.backend import Backend


def torch_backend() -> Backend:
    """Return the backend `torch`; the engine is imported by its first load."""
    from lmrt.adapters.torch.backend import TorchBackend

    return TorchBackend()


__all__ = ["torch_backend"]
