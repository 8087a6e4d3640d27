"""From what files tell about a model to one model: shared by every place models come from."""

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Any

from lmrt.domain.errors import ConfigurationError
from lmrt.domain.files import malformed_file, printable
from lmrt.domain.generation import GenerationConfig
from lmrt.domain.models import (
    ArchitectureShape,
    DescribedArtifact,
    HubSource,
    LocalSource,
    ResolvedModel,
)

_SHOWN = 5
_LONGEST_NAME = 200
_ARCHITECTURE = re.compile(r"[A-Za-z0-9_.+-]{1,64}")


def architecture_name(path: PurePath, key: str, value: str | None) -> str:
    """Return the architecture's name that stands in a file.

    Raises:
        LoadFailed: There is none, or it can be no name (`malformed-file`).
    """
    if not value:
        raise malformed_file(path, f"does not tell `{key}`", key=key)
    if not _ARCHITECTURE.fullmatch(value):
        raise malformed_file(path, f"has {value[:64]!r} as `{key}`, which is no name", key=key)
    return value


def model_generation(path: PurePath, settings: Iterable[tuple[str, str, Any]]) -> GenerationConfig:
    """Return a model's own generation settings.

    Args:
        path: The file that they stand in, for errors.
        settings: For each setting its key in the file, the field of `GenerationConfig` that it
            means, and its value, None for not set.

    Raises:
        LoadFailed: A value is outside its range (`malformed-file`).
    """
    fields: dict[str, Any] = {}
    for key, field, value in settings:
        if value is None:
            continue
        try:
            GenerationConfig(**{field: value})
        except ConfigurationError as error:
            wanted = error.context["wanted"]
            raise malformed_file(
                path,
                f"sets `{key}` to {value!r}, but it must be {wanted}",
                hint=f"correct `{key}`",
                key=key,
            ) from error
        fields[field] = value
    return GenerationConfig(**fields)


def same_model(one: DescribedArtifact, other: DescribedArtifact) -> bool:
    """Return whether two artifacts of one folder can be forms of the same model.

    They can if their layers and widths agree. Names count only where both have one and are of the
    same format: conversions name a model freely.
    """
    if not one.shape.layers or not other.shape.layers:
        return True
    if not same_sizes(one.shape, other.shape):
        return False
    both_named = one.name is not None and other.name is not None
    same_format = one.artifact.format is other.artifact.format
    return one.name == other.name if both_named and same_format else True


def same_sizes(one: ArchitectureShape, other: ArchitectureShape) -> bool:
    """Return whether layers and widths agree, as far as both are known."""
    return not one.layers or not other.layers or _core(one) == _core(other)


def _core(shape: ArchitectureShape) -> tuple[int, ...]:
    return (len(shape.layers), shape.hidden_size, shape.heads, shape.experts)


def one_model(described: Sequence[DescribedArtifact]) -> bool:
    """Return whether all artifacts can be forms of the same model."""
    return all(same_model(described[0], other) for other in described[1:])


def merged(
    described: Sequence[DescribedArtifact],
    *,
    reference: str,
    location: str,
    resolved_as: str,
    fallback_name: str,
) -> ResolvedModel:
    """Return the model that the artifacts are forms of.

    Where several tell the same fact, the first one counts; modalities are those of any.

    Args:
        described: At least one artifact, in the order that they count.
        reference: What the user typed.
        location: Where the reference led, for people.
        resolved_as: How the reference was read.
        fallback_name: The model's name where no artifact tells one.
    """
    shapes = [one.shape for one in described if one.shape.layers]
    generation = GenerationConfig()
    for one in described:
        generation = generation.over(one.generation_defaults)
    return ResolvedModel(
        reference=reference,
        name=_first([one_line(one.name) for one in described]) or fallback_name,
        location=location,
        resolved_as=resolved_as,
        shape=shapes[0] if shapes else described[0].shape,
        modalities=frozenset().union(*(one.modalities for one in described)),
        trained_context=_first([one.trained_context for one in described]),
        chat_template=_first([one.chat_template for one in described]),
        generation_defaults=generation,
        artifacts=tuple(one.artifact for one in described),
        artifact_templates={
            one.artifact.id: one.chat_template for one in described if one.chat_template is not None
        },
        licence=_first([one_line(one.licence) for one in described]),
    )


def several_models(place: str, described: Sequence[DescribedArtifact]) -> ConfigurationError:
    """Return the error for a place that holds files of several models.

    Args:
        place: The folder or repository, for people.
        described: What lies there.
    """
    files = [file_of(one) for one in described]
    return ConfigurationError(
        f"`{place}` holds files of different models",
        code="invalid-reference",
        context={"place": place, "files": files},
        hint=f"name one of them: {listed(files)}",
    )


def file_of(described: DescribedArtifact) -> str:
    """Return the path of an artifact's first file, which stands for the artifact."""
    artifact = described.artifact
    name = artifact.files[0].path
    match artifact.source:
        case LocalSource(root):
            return str(root / name)
        case HubSource(repository, revision):
            return f"{repository}@{revision}/{name}"


def listed(names: Sequence[str]) -> str:
    """Return the first names in backticks, and how many more there are."""
    shown = ", ".join(f"`{name}`" for name in names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"


def one_line(name: str | None) -> str | None:
    """Return a name as a file tells it, fit to be shown."""
    return None if name is None else printable(" ".join(name.split()))[:_LONGEST_NAME] or None


def _first(values: Sequence[Any]) -> Any:
    return next((value for value in values if value is not None), None)
