"""MLX through mlx-lm: a token-level backend.

Importing this package loads nothing of the engine.
"""

from lmrt.ports.backend import Backend


def mlx_backend() -> Backend:
    """Return the backend `mlx`; the engine is imported by its first load."""
    from lmrt.adapters.mlx.backend import MlxBackend

    return MlxBackend()


__all__ = ["mlx_backend"]
