"""MLX through mlx-lm: probed and planned for; this version does not run models with it.

Importing this package loads nothing of the engine.
"""

from lmrt.ports.backend import Backend


def mlx_backend() -> Backend:
    """Return the backend `mlx`."""
    from lmrt.adapters.mlx.backend import ProbeOnly

    return ProbeOnly()


__all__ = ["mlx_backend"]
