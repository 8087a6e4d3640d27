"""Any backend with its engine in a process of its own, which may end without taking ours along.

The parent's side is `WorkerBackend`, the child's `serve`; they talk in frames of JSON over one
socket, which is also how the child knows that its parent is gone.
"""

from lmrt.adapters.worker.backend import WorkerBackend
from lmrt.adapters.worker.child import serve

__all__ = ["WorkerBackend", "serve"]
