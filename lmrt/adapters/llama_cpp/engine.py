"""The engine's C API, imported on first use."""

import threading
from functools import cache
from typing import Any

from lmrt.adapters.llama_cpp import errors, logs

_importing = threading.Lock()


def api() -> Any:
    """Return the module `llama_cpp.llama_cpp`, its log captured from the first import on.

    Raises:
        LoadFailed: It cannot be imported (`engine-load-failed`).
    """
    with _importing:
        return _import()


@cache
def _import() -> Any:
    try:
        from llama_cpp import llama_cpp
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        raise errors.engine_missing(error) from error
    logs.install(llama_cpp)
    llama_cpp.llama_backend_init()
    return llama_cpp
