"""torch through transformers: probed and planned for; this version does not run models with it.

Importing this package loads nothing of the engine.
"""

from lmrt.ports.backend import Backend


def torch_backend() -> Backend:
    """Return the backend `torch`."""
    from lmrt.adapters.torch.backend import ProbeOnly

    return ProbeOnly()


__all__ = ["torch_backend"]
