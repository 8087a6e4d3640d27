"""Models, machines, backends and requests, from ordinary to odd."""

from pathlib import Path
from typing import Any, TypeVar

from attrs import evolve
from hypothesis import strategies as st

from lmrt.domain.config import Dtype, KvType, Preference
from lmrt.domain.generation import GenerationConfig
from lmrt.domain.machine import Accelerator, DeviceKind, Machine, Processor
from lmrt.domain.messages import Modality
from lmrt.domain.models import (
    ArchitectureShape,
    Artifact,
    ArtifactFile,
    ArtifactFormat,
    ArtifactSource,
    AttentionBesideState,
    FullAttention,
    HubSource,
    LatentAttention,
    LayerShape,
    LocalSource,
    RecurrentState,
    ResolvedModel,
    SlidingAttention,
    WeightBytes,
)
from lmrt.domain.plans import PlanRequest
from lmrt.domain.probes import (
    Availability,
    Available,
    BackendDevice,
    BackendProbe,
    Feature,
    Unavailable,
    UnavailableReason,
)
from tests.property.data_types import METHODS, dtypes_by_kind, quantizations
from tests.property.worlds import World

T = TypeVar("T")
MIB = 2**20
BACKENDS = ("alpha", "beta", "gamma")
DEVICES = ("cpu", "cuda:0", "cuda:1", "metal")
KINDS = {
    "cpu": DeviceKind.CPU,
    "cuda:0": DeviceKind.CUDA,
    "cuda:1": DeviceKind.CUDA,
    "metal": DeviceKind.METAL,
}
USUAL_KV_TYPES = [KvType.F16, KvType.BF16, KvType.F32, KvType.Q8_0, KvType.Q4_0]
KV_TYPE_COUNTS = st.sampled_from((5, 5, 5, 4, 3, 2, 1, 0))
ARCHITECTURES = frozenset({"llama", "mamba"})

head_sizes = st.sampled_from((32, 64, 80, 128))
text_only = st.just(frozenset({Modality.TEXT}))
text_and_image = st.just(frozenset({Modality.TEXT, Modality.IMAGE}))


sources: st.SearchStrategy[ArtifactSource] = st.sampled_from(
    [LocalSource(Path("/models")), HubSource("org/name", "0" * 40)]
)


def megabytes(low: int, high: int) -> st.SearchStrategy[int]:
    """Return bytes between two numbers of MiB, seldom whole ones."""
    return st.integers(low * MIB, high * MIB)


def mostly(usual: st.SearchStrategy[T], seldom: st.SearchStrategy[T]) -> st.SearchStrategy[T]:
    """Return the second one time in eight, so that most of what is drawn can run."""
    return st.integers(0, 7).flatmap(lambda number: seldom if number == 7 else usual)


def optional(values: Any) -> st.SearchStrategy[Any]:
    """Return None, seldom one of the values."""
    return mostly(st.none(), st.sampled_from(tuple(values)))


def subsets(values: Any) -> st.SearchStrategy[frozenset[Any]]:
    """Return any choice among the values."""
    return st.frozensets(st.sampled_from(tuple(values)))


attentions = st.builds(FullAttention, st.integers(1, 16), head_sizes, head_sizes)
states = st.builds(RecurrentState, st.integers(0, 500_000), st.sampled_from((0, 4096)))
layers: st.SearchStrategy[LayerShape] = st.one_of(
    attentions,
    st.builds(SlidingAttention, st.integers(1, 16), head_sizes, head_sizes, st.integers(16, 8192)),
    st.builds(LatentAttention, st.sampled_from((256, 512)), st.sampled_from((32, 64))),
    states,
    st.builds(AttentionBesideState, attentions, states),
)


@st.composite
def shapes(draw: st.DrawFn) -> ArchitectureShape:
    """Return the sizes of a model of up to 8 layers, dense or a mixture of experts."""
    experts = draw(st.sampled_from((0, 0, 8, 64)))
    kinds = draw(st.lists(layers, min_size=1, max_size=2))
    return ArchitectureShape(
        layers=tuple(draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=8))),
        hidden_size=draw(st.integers(16, 2048)),
        heads=draw(st.integers(0, 16)),
        feed_forward_size=draw(st.integers(0, 8192)),
        vocabulary_size=draw(st.integers(10, 130_000)),
        experts=experts,
        experts_used=draw(st.integers(1, 8)) if experts else 0,
    )


@st.composite
def artifacts(draw: st.DrawFn, layer_count: int, number: int) -> Artifact:
    """Return one artifact of a model of so many layers."""
    tied = draw(st.booleans())
    name = f"weights-{number}"
    quantization, dtype = draw(quantizations)
    return Artifact(
        id=name,
        format=draw(mostly(st.just(ArtifactFormat.GGUF), st.sampled_from(ArtifactFormat))),
        architecture=draw(mostly(st.just("llama"), st.just("mamba"))),
        quantization=quantization,
        files=(ArtifactFile(name, draw(megabytes(1, 10))),),
        weights=WeightBytes(
            layers=tuple(draw(megabytes(0, 400)) for _ in range(layer_count)),
            input=draw(megabytes(0, 500)),
            output=4096 if tied else draw(megabytes(1, 500)),
            other=draw(st.sampled_from((0, 0, 50 * MIB))),
        ),
        source=draw(sources),
        remote_code=draw(optional(["modeling.py"])),
        dtype=dtype,
    )


@st.composite
def models(draw: st.DrawFn) -> ResolvedModel:
    """Return a model with up to 3 artifacts."""
    shape = draw(shapes())
    count = draw(st.integers(1, 3))
    return ResolvedModel(
        reference="some/model",
        name="model",
        location="/models",
        resolved_as="path",
        shape=shape,
        modalities=draw(mostly(text_and_image, text_only)),
        trained_context=draw(
            st.one_of(st.none(), st.sampled_from((512, 4096, 32_768)), st.integers(1, 200_000))
        ),
        chat_template=None,
        generation_defaults=GenerationConfig(),
        artifacts=tuple(draw(artifacts(len(shape.layers), number)) for number in range(count)),
    )


def memory_sizes(size: int) -> st.SearchStrategy[int]:
    """Return bytes of memory from far too little for a model of that size to plenty."""
    factors = st.sampled_from((0.1, 0.6, 0.9, 1.2, 1.5, 2.0, 8.0))
    return st.builds(lambda factor, more: int(size * factor) + more, factors, megabytes(64, 2000))


@st.composite
def accelerators(draw: st.DrawFn, device: str, main_memory: int, size: int) -> Accelerator:
    """Return one accelerator; Metal shares the main memory."""
    unified = device == "metal"
    total = main_memory * 3 // 4 if unified else draw(memory_sizes(size))
    return Accelerator(
        device=device,
        kind=KINDS[device],
        name=device.upper(),
        memory_total=total,
        memory_free=draw(mostly(st.sampled_from((None, total)), st.integers(0, total))),
        unified=unified,
        memory_bandwidth=draw(st.one_of(st.none(), st.floats(1e9, 1e12))),
    )


@st.composite
def machines(draw: st.DrawFn, size: int) -> Machine:
    """Return a machine with up to two accelerators, for a model of that size."""
    total = draw(memory_sizes(size))
    devices = draw(
        st.sampled_from(((), ("cuda:0",), ("cuda:0",), ("cuda:0", "cuda:1"), ("metal",)))
    )
    return Machine(
        system="Linux",
        architecture="x86_64",
        processor=Processor("CPU", draw(st.integers(1, 32)), 64),
        memory_total=total,
        memory_free=draw(mostly(st.just(total), st.integers(0, total))),
        accelerators=tuple(draw(accelerators(device, total, size)) for device in devices),
        memory_bandwidth=draw(st.one_of(st.none(), st.floats(1e9, 1e11))),
    )


@st.composite
def probes(draw: st.DrawFn, backend: str) -> BackendProbe:
    """Return one backend's probe, mostly of one that can do a lot."""
    here: Availability = Available("1")
    gone = Unavailable(UnavailableReason.NOT_INSTALLED, f"`{backend}` is not installed", "pip")
    names = draw(mostly(st.permutations(DEVICES), st.lists(st.sampled_from(DEVICES), unique=True)))
    offers = draw(dtypes_by_kind)
    return BackendProbe(
        backend=backend,
        availability=draw(mostly(st.just(here), st.just(gone))),
        devices=tuple(
            BackendDevice(name, KINDS[name], draw(st.floats(0.0, 1.0)), *offers[KINDS[name]])
            for name in names
        ),
        formats=draw(mostly(st.just(frozenset(ArtifactFormat)), subsets(ArtifactFormat))),
        architectures=draw(
            mostly(st.sampled_from((None, ARCHITECTURES)), subsets(ARCHITECTURES)),
        ),
        modalities=draw(mostly(text_and_image, text_only)),
        features=draw(mostly(st.just(frozenset(Feature)), subsets(Feature))),
        kv_types=tuple(
            draw(mostly(st.just(USUAL_KV_TYPES), st.permutations(USUAL_KV_TYPES)))[
                : draw(KV_TYPE_COUNTS)
            ]
        ),
        context_rounding=draw(st.sampled_from((1, 32, 256))),
        overhead=draw(megabytes(0, 200)),
        device_overhead=draw(megabytes(0, 200)),
        methods=draw(mostly(st.just(frozenset(METHODS)), subsets(METHODS))),
        max_sequences=draw(st.integers(1, 16)),
        kv_follows_weights=draw(mostly(st.just(False), st.just(True))),
        rounded_kv_sequences=draw(st.sampled_from((None, None, 1, 3))),
        rounded_kv_unfused=draw(st.booleans()),
        windowless=draw(mostly(st.just(frozenset()), subsets(ARCHITECTURES))),
        whole_windows=draw(st.booleans()),
        widest_values=draw(st.booleans()),
    )


requests: st.SearchStrategy[PlanRequest] = st.builds(
    PlanRequest,
    backend=optional(BACKENDS),
    device=optional(DEVICES),
    context_length=mostly(st.none(), st.integers(1, 30_000)),
    kv_type=optional(KvType),
    memory_budget=mostly(st.none(), st.integers(1, 2**34)),
    prefer=st.sampled_from(Preference),
    modalities=mostly(text_only, text_and_image),
    features=mostly(st.just(frozenset()), subsets(Feature)),
    allow_remote_code=st.booleans(),
    allow_unsafe_weights=st.booleans(),
    dtype=optional(Dtype),
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Return everything that one call of the planner sees."""
    model = draw(models())
    names = draw(mostly(st.just(BACKENDS), st.lists(st.sampled_from(BACKENDS), unique=True)))
    return World(
        request=draw(requests),
        model=model,
        machine=draw(machines(largest(model))),
        probes=tuple(draw(probes(name)) for name in names),
    )


@st.composite
def able_worlds(draw: st.DrawFn) -> World:
    """Return a world whose backends can do everything: memory and the request alone decide."""
    model = draw(models())
    plain = tuple(
        evolve(one, format=ArtifactFormat.GGUF, architecture="llama", remote_code=None)
        for one in model.artifacts
    )
    offers = draw(dtypes_by_kind)
    able: dict[str, Any] = {
        "availability": Available("1"),
        "devices": tuple(
            BackendDevice(name, KINDS[name], 0.8, *offers[KINDS[name]]) for name in DEVICES
        ),
        "methods": frozenset(METHODS),
        "kv_follows_weights": False,
        "formats": frozenset(ArtifactFormat),
        "architectures": None,
        "features": frozenset(Feature),
        "kv_types": tuple(USUAL_KV_TYPES),
    }
    return World(
        request=PlanRequest(prefer=draw(st.sampled_from(Preference))),
        model=evolve(model, artifacts=plain),
        machine=draw(machines(largest(model))),
        probes=tuple(evolve(draw(probes(name)), **able) for name in BACKENDS[:2]),
    )


def largest(model: ResolvedModel) -> int:
    """Return the bytes of the largest artifact's weights."""
    return max(artifact.weights.total for artifact in model.artifacts)
