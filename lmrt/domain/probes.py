"""What one backend can do here and now."""

from enum import StrEnum

from attrs import frozen

from lmrt.domain.config import Dtype, KvType
from lmrt.domain.machine import DeviceKind
from lmrt.domain.messages import Modality
from lmrt.domain.models import ArtifactFormat


class UnavailableReason(StrEnum):
    """Why a backend cannot run."""

    NOT_INSTALLED = "not-installed"
    BROKEN = "broken"
    UNSUPPORTED_VERSION = "unsupported-version"
    NOT_IN_THIS_VERSION = "not-in-this-version"
    WRONG_PROCESSOR = "wrong-processor"
    WRONG_ARCHITECTURE = "wrong-architecture"
    CRASHED = "crashed"
    HANGS = "hangs"


class Feature(StrEnum):
    """An ability that a request or a plan may need."""

    FLASH_ATTENTION = "flash-attention"
    PARTIAL_OFFLOAD = "partial-offload"
    SEVERAL_DEVICES = "several-devices"
    CONSTRAINTS = "constraints"
    LOGPROBS = "logprobs"
    EMBEDDINGS = "embeddings"
    REMOTE_CODE = "remote-code"


@frozen
class Available:
    """The backend can run.

    Attributes:
        version: The engine's version.
    """

    version: str


@frozen
class Unavailable:
    """The backend cannot run.

    Attributes:
        reason: Stable name of the cause.
        message: The cause for people, one line.
        fix: The command that would make it available, or None where none is known.
    """

    reason: UnavailableReason
    message: str
    fix: str | None


Availability = Available | Unavailable


@frozen
class WeightSpeed:
    """How an engine gets on with weights of one type.

    Attributes:
        weights: How the names of such quantizations and data types begin: `Q4_K`, `F16`.
        reading: Share of the memory bandwidth that reading them reaches.
        lone: Operations for a token that is computed alone, as a share of what the processor does
            in plain arithmetic (`Machine.arithmetic`, `Accelerator.arithmetic`). Unpacking counts
            as time, products of small integers can exceed 1.
        batched: The same for tokens that are computed together.
    """

    weights: str
    reading: float
    lone: float
    batched: float


@frozen
class BackendDevice:
    """A device as one backend sees it.

    Attributes:
        device: Its name in plans and options: `cpu`, `cuda:0`, `metal`.
        kind: What sort of processor it is.
        efficiency: Share of the memory bandwidth that the engine reaches when it decodes, 0 to 1.
        dtypes: Types that it computes well in, the first choice first: weights stored in one of
            them stay as they are, others become the first. Empty: all weights stay as stored.
        other_dtypes: Types that weights can also be loaded as: on request, and the rounded ones,
            the largest first, where nothing else fits.
        speeds: How it gets on with weights of each type; the longest name that fits counts, and
            `efficiency` alone where none does.
        attention: Share of the processor's arithmetic that attention reaches; 0 leaves it out.
        layer_seconds: What every step takes for each layer beside reading and arithmetic.
        thread_seconds: The same for each thread after the first, which wait for each other.
    """

    device: str
    kind: DeviceKind
    efficiency: float
    dtypes: tuple[Dtype, ...] = ()
    other_dtypes: tuple[Dtype, ...] = ()
    speeds: tuple[WeightSpeed, ...] = ()
    attention: float = 0.0
    layer_seconds: float = 0.0
    thread_seconds: float = 0.0


@frozen
class BackendProbe:
    """One backend's abilities; all that the planner knows of it.

    Attributes:
        backend: Its id: `llama.cpp`, `mlx`, `torch`.
        availability: Whether it can run, or why not.
        devices: Devices that it can use, the best first; `cpu` among them where it can.
        formats: Artifact formats that it reads.
        architectures: Architecture names that it knows, or None where only a load can tell.
        modalities: Inputs that it takes.
        features: Abilities beyond plain generation.
        kv_types: KV cache types, the first choice first.
        context_rounding: Contexts are rounded up to a multiple of it.
        overhead: Bytes of main memory that the engine takes beside weights and caches.
        device_overhead: Bytes of an accelerator's memory that its runtime takes.
        methods: Ways of rounding that it reads beside plain data types; see `Quantization.method`.
        max_sequences: Sequences that one loaded model can serve at once.
        kv_follows_weights: Whether an unrounded KV cache has the type that the engine computes in;
            else any of `kv_types` goes with any weights.
        rounded_kv_sequences: Sequences that can be served at once with a rounded KV cache, or None
            for as many as without.
        rounded_kv_unfused: Whether a rounded KV cache can be read without fused attention.
        windowless: Architectures that mix layers with and without a sliding window, of which the
            engine does not keep the windows: their context may not be longer.
        whole_windows: Whether sliding-window layers keep the whole context, not their window only.
        widest_values: Whether, unless attention is fused, the values of every layer take as much of
            the KV cache as those of the widest.
        details: Facts for people, as (name, value) pairs.
    """

    backend: str
    availability: Availability
    devices: tuple[BackendDevice, ...] = ()
    formats: frozenset[ArtifactFormat] = frozenset()
    architectures: frozenset[str] | None = None
    modalities: frozenset[Modality] = frozenset({Modality.TEXT})
    features: frozenset[Feature] = frozenset()
    kv_types: tuple[KvType, ...] = (KvType.F16,)
    context_rounding: int = 1
    overhead: int = 0
    device_overhead: int = 0
    methods: frozenset[str] = frozenset()
    max_sequences: int = 1
    kv_follows_weights: bool = False
    rounded_kv_sequences: int | None = None
    rounded_kv_unfused: bool = False
    windowless: frozenset[str] = frozenset()
    whole_windows: bool = False
    widest_values: bool = False
    details: tuple[tuple[str, str], ...] = ()
