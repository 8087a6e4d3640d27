"""Every backend, in this process or in one of its own."""

import json
import os
import sys
from collections.abc import Iterable

from lmrt.bootstrap.documents import plan_document
from lmrt.ports.backend import Backend

_WORKER = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from lmrt.bootstrap.engines import worker_main; worker_main(int(sys.argv[2]))"
)
"""What a worker process runs."""


def backends() -> tuple[Backend, ...]:
    """Return every backend, whether or not it can run here."""
    from lmrt.adapters.llama_cpp import llama_cpp_backend
    from lmrt.adapters.mlx import mlx_backend
    from lmrt.adapters.torch import torch_backend

    return (llama_cpp_backend(), mlx_backend(), torch_backend())


def isolated(inner: Iterable[Backend]) -> tuple[Backend, ...]:
    """Return backends that run their engine in a process of its own, one for each of these."""
    from lmrt.adapters.worker import WorkerBackend

    # The same packages as here, and nothing of the folder that the process happens to start in
    command = (sys.executable, "-P", "-c", _WORKER, json.dumps(sys.path))
    return tuple(WorkerBackend(backend, command, plan_document) for backend in inner)


def worker_main(descriptor: int) -> None:
    """Serve one engine to the process that started this one, until it wants no more.

    Args:
        descriptor: Number of this process's end of the socket.
    """
    from lmrt.adapters.llama_cpp.logs import echo
    from lmrt.adapters.worker import serve
    from lmrt.wire.plan import plan_from_payload

    # It would attach a debugger to tell where it aborts, and say nothing else for a screenful
    os.environ["GGML_NO_BACKTRACE"] = "1"
    echo(sys.stderr)
    serve(descriptor, {backend.id: backend for backend in backends()}, plan_from_payload)
