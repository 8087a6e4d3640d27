"""A resolved model: its shape, and the artifacts that hold its weights."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from attrs import evolve, field, frozen

from lmrt.domain.config import Dtype
from lmrt.domain.generation import GenerationConfig
from lmrt.domain.messages import Modality
from lmrt.domain.notices import Notice

PICKLE_SUFFIXES = (".bin", ".pt", ".pth", ".ckpt")
"""How the names of pickled weights end, in whatever case."""


class ArtifactFormat(StrEnum):
    """How an artifact stores its weights."""

    GGUF = "GGUF"
    SAFETENSORS = "SAFETENSORS"
    MLX = "MLX"
    PICKLE = "PICKLE"


@frozen
class FullAttention:
    """A layer that attends to the whole context.

    Attributes:
        kv_heads: Heads of the KV cache (fewer than query heads in grouped attention).
        key_size: Elements of one head's key.
        value_size: Elements of one head's value.
    """

    kv_heads: int
    key_size: int
    value_size: int


@frozen
class SlidingAttention:
    """A layer that attends to the last `window` tokens only; the rest as `FullAttention`."""

    kv_heads: int
    key_size: int
    value_size: int
    window: int


@frozen
class LatentAttention:
    """A layer that caches one compressed vector a token (DeepSeek's multi-head latent attention).

    Attributes:
        rank: Elements of the compressed key and value.
        rope_size: Elements of the key part that carries the position.
    """

    rank: int
    rope_size: int


@frozen
class RecurrentState:
    """A layer whose memory does not grow with the context.

    Attributes:
        elements: Elements of its state for one sequence, always kept in 32 bits.
        width: Elements of one token that are live at once while the state is brought forward, the
            residual stream left out; 0 where unknown.
    """

    elements: int
    width: int = 0


@frozen
class AttentionBesideState:
    """A layer that attends to the whole context and keeps a recurrent state as well (Falcon-H1)."""

    attention: FullAttention
    state: RecurrentState


LayerShape = (
    FullAttention | SlidingAttention | LatentAttention | RecurrentState | AttentionBesideState
)


@frozen
class ArchitectureShape:
    """The sizes that memory and speed follow from.

    Attributes:
        layers: One shape a layer, first to last.
        hidden_size: Elements of the residual stream (embedding length).
        heads: Query heads of a layer.
        feed_forward_size: Elements of the feed-forward layer's inner side.
        vocabulary_size: Tokens in the vocabulary.
        experts: Experts of a layer in a mixture of experts, 0 in a dense model.
        experts_used: Experts that one token passes through, 0 in a dense model.
        parameters: Number of weights, or None where the header does not tell.
        carried: Elements of one token that are kept beside the residual stream through all layers
            (Gemma 3n: further streams, and an input for each layer).
    """

    layers: tuple[LayerShape, ...] = field(repr=lambda layers: f"<{len(layers)} layers>")
    hidden_size: int
    heads: int
    feed_forward_size: int
    vocabulary_size: int
    experts: int = 0
    experts_used: int = 0
    parameters: int | None = None
    carried: int = 0


@frozen
class ArtifactFile:
    """One file of an artifact.

    Attributes:
        path: Relative to the artifact's root, with `/` between folders.
        size: Bytes.
    """

    path: str
    size: int


@frozen
class LocalSource:
    """The files lie under a folder of this machine."""

    root: Path


@frozen
class HubSource:
    """The files lie in a Hub repository.

    Attributes:
        repository: `org/name`.
        revision: The commit, 40 hexadecimal digits.
    """

    repository: str
    revision: str


ArtifactSource = LocalSource | HubSource


@frozen
class Quantization:
    """How weights were rounded.

    Attributes:
        name: The field's name for it: `Q4_K_M`, `Q8_0`, `F16`, `BF16`, `F32`, `4-bit` …
        bits_per_weight: Bits that one weight takes on average, the header's tensors counted.
        method: In a directory, whose way of rounding it is (`mlx`, `gptq`, `awq` …), which the
            engine must know; None for plain data types and for GGUF.
    """

    name: str
    bits_per_weight: float
    method: str | None = None


@frozen
class WeightBytes:
    """Where the bytes of the weights are, so that a partial offload can be counted.

    Attributes:
        layers: Bytes of each repeating layer, first to last.
        input: Bytes of the token embedding.
        output: Bytes of the output head and final norm; a tied embedding counts as input.
        other: Bytes that belong to neither (RoPE factors, projectors inside the file).
    """

    layers: tuple[int, ...] = field(repr=lambda layers: f"<{len(layers)} layers>")
    input: int
    output: int
    other: int = 0

    @property
    def total(self) -> int:
        """All bytes."""
        return sum(self.layers) + self.input + self.output + self.other


@frozen
class Artifact:
    """One loadable set of files of a model.

    Attributes:
        id: Unique within its model and stable: the first file's path, or the format's name.
        format: How the weights are stored.
        architecture: The architecture's name in the format's own words (`llama`, `qwen3moe` in a
            GGUF, `qwen3_moe` in a config.json).
        quantization: How the weights were rounded.
        files: Every file of it, the weights first.
        weights: Bytes of the weights by place, exact, from the header.
        source: Where the files are.
        remote_code: The file of the model that would have to be executed, or None.
        dtype: Data type of most of its floating-point weights, or None where they are of another
            kind or unknown.
    """

    id: str
    format: ArtifactFormat
    architecture: str
    quantization: Quantization
    files: tuple[ArtifactFile, ...]
    weights: WeightBytes
    source: ArtifactSource
    remote_code: str | None = None
    dtype: Dtype | None = None

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(file.size for file in self.files)


@frozen
class ResolvedModel:
    """Normalised metadata of one model, for planning and inspection.

    Attributes:
        reference: What the user typed.
        name: The model's own name, else the folder's or the file's.
        location: Where the reference led, for people: a path or `org/name@revision`.
        resolved_as: How the reference was read: `path`, `models-dir`, `alias` or `hub`.
        shape: The architecture's sizes.
        modalities: What it takes as input; text is always among them.
        trained_context: Tokens it was trained on at once, or None where unknown.
        chat_template: The Jinja template of its conversations, or None for a base model.
        generation_defaults: The model's own generation settings.
        artifacts: Every loadable set of files, in a stable order.
        artifact_templates: The template in each artifact's own files, by the artifact's id; without
            those that hold none.
        notices: What differed from what was expected while it was resolved; a plan repeats them.
        licence: An SPDX identifier or the licence's own name, or None where no file tells it.
    """

    reference: str
    name: str
    location: str
    resolved_as: str
    shape: ArchitectureShape
    modalities: frozenset[Modality]
    trained_context: int | None
    chat_template: str | None = field(repr=lambda text: "None" if text is None else "<template>")
    generation_defaults: GenerationConfig
    artifacts: tuple[Artifact, ...]
    artifact_templates: Mapping[str, str] = field(
        factory=dict, hash=False, repr=lambda texts: f"<{len(texts)} templates>"
    )
    notices: tuple[Notice, ...] = ()
    licence: str | None = None

    def told_by(self, artifact: Artifact) -> "ResolvedModel":
        """Return the model as one artifact's own files tell it, for what belongs to its texts.

        Its chat template is the artifact's own, since it writes the control tokens of that
        artifact's tokenizer; the model's stands in where the artifact has none.
        """
        own = self.artifact_templates.get(artifact.id, self.chat_template)
        return evolve(self, chat_template=own)


@frozen
class DescribedArtifact:
    """One artifact with what its own files tell about the model.

    Attributes:
        artifact: The artifact.
        name: The model's name in the files, or None.
        shape: The architecture's sizes.
        modalities: What it takes as input.
        trained_context: Tokens it was trained on at once, or None where unknown.
        chat_template: The Jinja template in its files, or None.
        generation_defaults: The generation settings in its files.
        licence: The licence that its files name, or None.
    """

    artifact: Artifact
    name: str | None
    shape: ArchitectureShape
    modalities: frozenset[Modality]
    trained_context: int | None
    chat_template: str | None = field(repr=lambda text: "None" if text is None else "<template>")
    generation_defaults: GenerationConfig
    licence: str | None = None
