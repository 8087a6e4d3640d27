"""Names of the architectures that the installed engine has a model for, read from its files."""

import ast
import re
from pathlib import Path

from lmrt.adapters.mlx.config import ALIASES

_DECODER = re.compile(rb"^(?:class|from \S+ import(?: .*)?) Model\b", re.MULTILINE)
_RENAMED = re.compile(r"^MODEL_REMAPPING\s*(?::[^=]*)?=\s*(\{.*?^\})", re.MULTILINE | re.DOTALL)
_UNUSABLE = frozenset({"olmo"})
"""Ends the process where a package of its author's is missing; it reads their old format only."""

_DIFFERENT = frozenset({"ernie4_5_moe", "glm", "jamba"})
"""Computed otherwise than in transformers, whatever the configuration says: experts are chosen
without their correction, all of a head rotates in place of half, experts' shares are scaled up."""


def architecture_names(package: Path) -> frozenset[str] | None:
    """Return every `model_type` that the engine reads, or None where its files cannot be read.

    Args:
        package: Folder of mlx-lm's modules.
    """
    try:
        files = tuple((package / "models").glob("*.py"))
        models = {file.stem for file in files if _DECODER.search(file.read_bytes())}
        models -= _UNUSABLE | _DIFFERENT
        renamed = _other_names((package / "utils.py").read_text("utf-8"))
    except (OSError, ValueError, SyntaxError):
        return None
    names = {name for name, model in {**renamed, **ALIASES}.items() if model in models}
    return frozenset(models | names) or None


def _other_names(source: str) -> dict[str, str]:
    """Return the names that stand for another model's file, as the engine's module lists them."""
    match = _RENAMED.search(source)
    names = {} if match is None else ast.literal_eval(match[1])
    return {str(name): str(model) for name, model in names.items()}
