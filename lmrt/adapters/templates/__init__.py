"""Chat templates, rendered by Jinja in a sandbox."""

from lmrt.adapters.templates.renderer import JinjaRenderer

__all__ = ["JinjaRenderer"]
