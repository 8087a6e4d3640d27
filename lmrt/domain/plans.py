"""The planner's values: candidates with their estimates, and the plan that one of them won."""

from attrs import field, frozen

from lmrt.domain.config import Dtype, KvType, Preference
from lmrt.domain.counterfactuals import Counterfactual
from lmrt.domain.messages import Modality
from lmrt.domain.models import Artifact
from lmrt.domain.notices import Notice
from lmrt.domain.probes import Feature
from lmrt.domain.rejections import Rejection
from lmrt.domain.speeds import Correction, Pace


@frozen(kw_only=True)
class PlanRequest:
    """What is asked of the planner; see `RuntimeConfig` for the settings.

    Attributes:
        modalities: Kinds of input that the plan must take.
        features: Abilities that the backend must have.
        threads: CPU threads, no more than there are cores; None for as many as there is work for.
    """

    backend: str | None = None
    device: str | None = None
    context_length: int | None = None
    kv_type: KvType | None = None
    memory_budget: int | None = None
    prefer: Preference = Preference.BALANCED
    modalities: frozenset[Modality] = frozenset({Modality.TEXT})
    features: frozenset[Feature] = frozenset()
    allow_remote_code: bool = False
    allow_unsafe_weights: bool = False
    dtype: Dtype | None = None
    threads: int | None = None


@frozen
class OnCpu:
    """Everything runs on the CPU."""


@frozen
class OnDevice:
    """Everything runs on one accelerator."""

    device: str


@frozen
class SplitLayers:
    """The last `layers` of `total` repeating layers run on an accelerator, the rest on the CPU."""

    device: str
    layers: int
    total: int


@frozen
class SpreadLayers:
    """The layers run on several accelerators, one after the other.

    Attributes:
        layers: Name and number of layers of each, in the order of the layers.
    """

    layers: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        """All layers."""
        return sum(count for _, count in self.layers)


Placement = OnCpu | OnDevice | SplitLayers | SpreadLayers


def device_of(placement: Placement) -> str:
    """Return the name of the device that the placement is about."""
    match placement:
        case OnCpu():
            return "cpu"
        case OnDevice(device) | SplitLayers(device, _, _):
            return device
        case SpreadLayers(layers):
            return "+".join(name for name, _ in layers)


@frozen
class Specialization:
    """The execution path inside a backend, with its reason: such as `cuda-partial(24/32)`."""

    name: str
    reason: str


@frozen
class ExecutionSettings:
    """The settings that the backend loads with and that the engine must report back.

    Attributes:
        context_length: Tokens of context of one sequence.
        kv_type: Data type of the KV cache.
        flash_attention: Whether attention is fused.
        threads: CPU threads that decode.
        batch_threads: CPU threads that prefill.
        batch_size: Most tokens that one step takes.
        max_sequences: Sequences that can be live at once.
        dtype: Data type that the weights are loaded as, or None for as they are stored.
    """

    context_length: int
    kv_type: KvType
    flash_attention: bool
    threads: int
    batch_threads: int
    batch_size: int
    max_sequences: int
    dtype: Dtype | None = None


@frozen
class MemoryEstimate:
    """Bytes that a candidate needs, by pool and by part.

    Attributes:
        weights: Weights, all pools together.
        kv_cache: KV cache and recurrent state, all pools together.
        compute: Compute buffers.
        overhead: What the engine and the device runtime take beside.
        host: Bytes of it all in main memory.
        device: Bytes of it all in the accelerator's memory, 0 on the CPU and, on unified memory,
            everything.
    """

    weights: int
    kv_cache: int
    compute: int
    overhead: int
    host: int
    device: int

    @property
    def total(self) -> int:
        """All bytes."""
        return self.weights + self.kv_cache + self.compute + self.overhead


@frozen
class SpeedEstimate:
    """Expected speed of one sequence.

    Attributes:
        decode: Generated tokens a second, after a prompt of `prompt_tokens`.
        measured_bandwidth: Whether the memory bandwidth behind it is this machine's: measured, or
            told for its graphics card. Else a typical figure of that kind of device stands in,
            good enough to rank candidates only.
        prefill: Tokens a second of that prompt; None in a plan of an older version.
        prompt_tokens: Tokens of the prompt that both are told for.
        paces: What it follows from, past runs left out: one for each processor with layers on it.
        correction: What past runs said about it.
        decode_limit: Generated tokens a second if the engine reached all that its processors do.
        prefill_limit: The same of the prompt, in plain arithmetic.
    """

    decode: float
    measured_bandwidth: bool
    prefill: float | None = None
    prompt_tokens: int = 0
    paces: tuple[Pace, ...] = ()
    correction: Correction = field(factory=Correction)
    decode_limit: float = 0.0
    prefill_limit: float = 0.0

    @property
    def first_token(self) -> float | None:
        """Seconds until the first token of an answer to that prompt, once the model is loaded."""
        return self.prompt_tokens / self.prefill if self.prefill else None


@frozen
class Candidate:
    """One way to run the model: artifact, backend, placement and settings, with estimates."""

    artifact: str
    backend: str
    placement: Placement
    specialization: Specialization
    settings: ExecutionSettings
    memory: MemoryEstimate
    speed: SpeedEstimate


@frozen
class Rejected:
    """The candidate cannot run; at least one reason."""

    rejections: tuple[Rejection, ...]


@frozen
class Outranked:
    """The candidate could run, but another is better; `reason` says in which respect."""

    reason: str


@frozen
class Alternative:
    """A candidate that was not chosen.

    Attributes:
        artifact: The artifact's id.
        backend: The backend's id.
        device: The device's name, or None where the backend has none here.
        why: Why it was not chosen.
        candidate: The candidate with its estimates, where it got that far.
    """

    artifact: str
    backend: str
    device: str | None
    why: Rejected | Outranked
    candidate: Candidate | None = None


@frozen
class Isolated:
    """The engine runs in a process of its own, which may be ended when memory runs out.

    Attributes:
        pool: The memory that is nearly all taken: `cpu` or an accelerator's device name.
        needed: Bytes that the candidate needs of it.
        free: Bytes that are free of it.
    """

    pool: str
    needed: int
    free: int


@frozen
class RuntimePlan:
    """The chosen candidate, why it was chosen, and every other with the reason against it.

    Attributes:
        model_reference: What the user typed.
        model_name: The model's name.
        request: What was asked of the planner.
        artifact: The artifact to run.
        chosen: How it runs.
        reason: Why this candidate won, one sentence.
        notices: What differs from what was asked or expected.
        alternatives: Every other candidate, executable ones first, best first.
        engine_version: The version of the backend's engine, or None where unknown.
        counterfactuals: What would make another candidate the chosen one; empty unless somebody
            asked for them, since they take many plans.
        machine: Fingerprint of the machine that it was made for; None in a plan of an older
            version.
        isolated: Why the engine runs in a process of its own, or None where it runs in this one.
    """

    model_reference: str
    model_name: str
    request: PlanRequest
    artifact: Artifact
    chosen: Candidate
    reason: str
    notices: tuple[Notice, ...]
    alternatives: tuple[Alternative, ...] = field(repr=lambda rows: f"<{len(rows)} alternatives>")
    engine_version: str | None = None
    counterfactuals: tuple[Counterfactual, ...] = ()
    machine: str | None = None
    isolated: Isolated | None = None

    @property
    def backend(self) -> str:
        """The chosen backend's id."""
        return self.chosen.backend

    @property
    def specialization(self) -> Specialization:
        """The execution path inside the backend."""
        return self.chosen.specialization

    @property
    def settings(self) -> ExecutionSettings:
        """The settings that it loads with."""
        return self.chosen.settings
