"""Prints as JSON what llama.cpp says of its caches for each file named, without allocating them.

A program of its own, since the engine's log is one for the whole process:
`python -m tests.support.kv_cache_lines CONTEXT FILE …`.
"""

import json
import sys

from llama_cpp import llama_cpp as api

from tests.support.architectures import SEQUENCES


def cache_lines(path: str, context: int) -> list[str]:
    """Return the lines of the log that tell of caches."""
    lines: list[str] = []

    def receive(_level: int, text: bytes, _user: object) -> None:
        lines.append(text.decode("utf-8", "replace").strip())

    callback = api.llama_log_callback(receive)
    api.llama_log_set(callback, None)
    model_settings = api.llama_model_default_params()
    model_settings.no_alloc = True
    model_settings.load_mode = api.LLAMA_LOAD_MODE_NONE
    model = api.llama_model_load_from_file(path.encode(), model_settings)
    if not model:
        raise SystemExit("\n".join(lines[-20:]))
    settings = api.llama_context_default_params()
    settings.n_ctx, settings.n_seq_max, settings.kv_unified = context, SEQUENCES, True
    settings.type_k = settings.type_v = 0
    settings.flash_attn_type = 0
    made = api.llama_init_from_model(model, settings)
    if not made:
        raise SystemExit("\n".join(lines[-20:]))
    api.llama_free(made)
    api.llama_model_free(model)
    return [line for line in lines if "size =" in line and "MiB (" in line]


if __name__ == "__main__":
    api.llama_backend_init()
    print(json.dumps({path: cache_lines(path, int(sys.argv[1])) for path in sys.argv[2:]}))
