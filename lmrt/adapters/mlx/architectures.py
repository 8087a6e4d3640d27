"""Names of the architectures that the installed engine has a model for, read from its files."""

import ast
import re
from pathlib import Path

_DECODER = re.compile(rb"^(?:class|from \S+ import(?: .*)?) Model\b", re.MULTILINE)
_RENAMED = re.compile(r"^MODEL_REMAPPING\s*(?::[^=]*)?=\s*(\{.*?^\})", re.MULTILINE | re.DOTALL)
_UNUSABLE = frozenset({"olmo"})
"""Ends the process where a package of its author's is missing; it reads their old format only."""


def architecture_names(package: Path) -> frozenset[str] | None:
    """Return every `model_type` that the engine reads, or None where its files cannot be read.

    Args:
        package: Folder of mlx-lm's modules.
    """
    try:
        files = tuple((package / "models").glob("*.py"))
        models = {file.stem for file in files if _DECODER.search(file.read_bytes())} - _UNUSABLE
        renamed = _other_names((package / "utils.py").read_text("utf-8"))
    except (OSError, ValueError, SyntaxError):
        return None
    return frozenset(models | {name for name, model in renamed.items() if model in models}) or None


def _other_names(source: str) -> dict[str, str]:
    """Return the names that stand for another model's file, as the engine's module lists them."""
    match = _RENAMED.search(source)
    names = {} if match is None else ast.literal_eval(match[1])
    return {str(name): str(model) for name, model in names.items()}
