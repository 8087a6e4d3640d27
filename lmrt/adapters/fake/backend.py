"""The fake backend: its probe, and loads that always work or always fail."""

from pathlib import Path

from attrs import field, frozen

from lmrt.adapters.fake.language import Language, hashed_language
from lmrt.adapters.fake.model import FakeModel
from lmrt.domain.config import KvType
from lmrt.domain.errors import LmrtError
from lmrt.domain.machine import DeviceKind
from lmrt.domain.models import ArtifactFormat
from lmrt.domain.plans import OnCpu, OnDevice, Placement, RuntimePlan, SplitLayers, SpreadLayers
from lmrt.domain.probes import Available, BackendDevice, BackendProbe, Feature
from lmrt.domain.sequences import LoadedFacts, PrefixReuse
from lmrt.ports.backend import LoadedModel, LoadProgress


def fake_probe(backend: str = "fake") -> BackendProbe:
    """Return the probe of a backend that runs every GGUF and safetensors model on the CPU."""
    return BackendProbe(
        backend=backend,
        availability=Available("1.0"),
        devices=(BackendDevice("cpu", DeviceKind.CPU, 1.0),),
        formats=frozenset({ArtifactFormat.GGUF, ArtifactFormat.SAFETENSORS}),
        features=frozenset({Feature.FLASH_ATTENTION, Feature.LOGPROBS}),
        kv_types=(KvType.F16, KvType.Q8_0, KvType.Q4_0, KvType.F32),
        max_sequences=4,
    )


@frozen
class FakeBackend:
    """`Backend` without an engine.

    Attributes:
        answer: What it answers to a probe; its id is the backend's.
        language: The toy model that it loads, whatever the plan names.
        load_failure: Raised by every load, or None.
        fail_at_step: The step of a loaded model, counted from 1, that fails as a whole, or None.
        fail_sequence_at: The token of each sequence, counted from 1, that cannot be drawn, or None.
        loaded: Every model that was loaded, in order.
    """

    answer: BackendProbe = field(factory=fake_probe)
    language: Language = field(factory=hashed_language)
    load_failure: LmrtError | None = None
    fail_at_step: int | None = None
    fail_sequence_at: int | None = None
    loaded: list[FakeModel] = field(factory=list, eq=False)

    @property
    def id(self) -> str:
        """Its name in plans and options."""
        return self.answer.backend

    def probe(self, *, deep: bool = False) -> BackendProbe:  # noqa: ARG002 - the port's form
        """Return the probe that it was made with."""
        return self.answer

    def load(
        self,
        plan: RuntimePlan,
        root: Path,  # noqa: ARG002 - the port's form
        progress: LoadProgress | None = None,
    ) -> LoadedModel:
        """Return the toy model with the plan's settings; no file is read.

        Raises:
            LmrtError: The `load_failure`.
        """
        if progress is not None:
            progress(0.0)
        if self.load_failure is not None:
            raise self.load_failure
        if progress is not None:
            progress(1.0)
        model = FakeModel(
            _facts(plan, self.language, self.id),
            self.language,
            batch_size=plan.settings.batch_size,
            fail_at_step=self.fail_at_step,
            fail_sequence_at=self.fail_sequence_at,
        )
        self.loaded.append(model)
        return model


def _facts(plan: RuntimePlan, language: Language, engine: str) -> LoadedFacts:
    return LoadedFacts(
        context_length=plan.settings.context_length,
        kv_type=plan.settings.kv_type,
        flash_attention=plan.settings.flash_attention,
        layers_on_device=_layers_on_device(plan.chosen.placement, plan),
        weight_bytes=plan.artifact.weights.total,
        max_sequences=plan.settings.max_sequences,
        prefix_reuse=PrefixReuse.ANY,
        vocabulary_size=len(language([0])),
        engine=engine,
        dtype=plan.settings.dtype,
    )


def _layers_on_device(placement: Placement, plan: RuntimePlan) -> int:
    match placement:
        case OnCpu():
            return 0
        case OnDevice():
            return len(plan.artifact.weights.layers)
        case SplitLayers(_, layers, _):
            return layers
        case SpreadLayers():
            return placement.total
