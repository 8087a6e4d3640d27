"""Models in words and tables, for people."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lmrt.domain.models import Artifact, ArtifactFormat, HubSource, LocalSource, ResolvedModel
from lmrt.domain.resolution import Attempt, kind_of, outcome_text
from lmrt.domain.sizes import format_size

if TYPE_CHECKING:
    from rich.table import Table

_COMMIT = 12
"""Digits of a commit that are shown."""


def reading_lines(attempts: Sequence[Attempt]) -> list[str]:
    """Return every reading of a reference with what came of it."""
    return ["read as", *(f"  {kind_of(one.reading):<11} {outcome_text(one)}" for one in attempts)]


def model_lines(model: ResolvedModel) -> list[str]:
    """Return what is known of a model as a whole."""
    shape = model.shape
    names = ", ".join(dict.fromkeys(artifact.architecture for artifact in model.artifacts))
    experts = f" · {shape.experts_used} of {shape.experts} experts" if shape.experts else ""
    context = model.trained_context
    size = f"{len(shape.layers)} layers · width {shape.hidden_size:,}{experts}"
    return [
        f"model         {model.name}",
        f"architecture  {names} · {size}",
        f"parameters    {format_count(shape.parameters)}",
        f"context       {f'{context:,} tokens' if context else 'unknown'}",
        f"takes         {', '.join(sorted(model.modalities))}",
        f"chat template {'yes' if model.chat_template else 'none'}",
        f"licence       {model.licence or 'unknown'}",
    ]


def format_count(count: int | None) -> str:
    """Return a number of parameters as people say it: `4.02B`."""
    if count is None:
        return "unknown"
    for unit, size in (("T", 10**12), ("B", 10**9), ("M", 10**6), ("K", 10**3)):
        if count >= 0.9995 * size:  # 999,900,000 is `1B`, not `1e+03M`
            return f"{count / size:.3g}{unit}"
    return str(count)


def artifact_table(model: ResolvedModel) -> "Table":
    """Return a model's artifacts, each with its place."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("artifact", "format", "quantization", "size", "files", "where"):
        table.add_column(name, overflow="fold", justify="right" if name == "size" else "left")
    for artifact in model.artifacts:
        table.add_row(
            escape(artifact.id),
            artifact.format,
            artifact.quantization.name,
            format_size(artifact.size),
            "here" if is_here(artifact) else "to download",
            escape(where(artifact)),
        )
    return table


def artifact_title(artifact: Artifact) -> str:
    """Return what an artifact is, in a few words."""
    rounded = artifact.quantization.name
    return f"`{artifact.id}` ({artifact.format}, {rounded}, {format_size(artifact.size)})"


def is_here(artifact: Artifact) -> bool:
    """Return whether an artifact's files lie on this machine."""
    return isinstance(artifact.source, LocalSource)


def where(artifact: Artifact) -> str:
    """Return where an artifact's files are, for people."""
    match artifact.source:
        case LocalSource(root):
            return str(root)
        case HubSource(repository, revision):
            return f"{repository}@{revision[:_COMMIT]}"


def path_in(artifact: Artifact, root: Path) -> Path:
    """Return what other tools are given to open an artifact: a GGUF's file, else its folder."""
    return root / artifact.files[0].path if artifact.format is ArtifactFormat.GGUF else root
