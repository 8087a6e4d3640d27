"""What a listing shows of an artifact."""

from attrs import frozen

from lmrt.domain.messages import Modality
from lmrt.domain.models import ArtifactFormat, DescribedArtifact


@frozen
class Facts:
    """One artifact of a place.

    Attributes:
        format: How the weights are stored.
        quantization: The name of the rounding.
        architecture: The architecture's name.
        modalities: What it takes as input.
        trained_context: Tokens it was trained on at once, or None where unknown.
        parameters: Number of weights, or None where unknown.
        title: The model's name in its files, or None.
        files: Paths of all files below the place, or below the folder that it lies in; weights
            first.
    """

    format: ArtifactFormat
    quantization: str
    architecture: str
    modalities: frozenset[Modality]
    trained_context: int | None
    parameters: int | None
    title: str | None
    files: tuple[str, ...]


def facts_of(described: DescribedArtifact) -> Facts:
    """Return what a listing shows of an artifact."""
    artifact = described.artifact
    return Facts(
        format=artifact.format,
        quantization=artifact.quantization.name,
        architecture=artifact.architecture,
        modalities=described.modalities,
        trained_context=described.trained_context,
        parameters=described.shape.parameters,
        title=described.name,
        files=tuple(file.path for file in artifact.files),
    )
