"""Whatever fails: at most one further load, never an equivalent one, never against a pin."""

from pathlib import Path
from typing import Any

from attrs import evolve, field, frozen
from hypothesis import given
from hypothesis import strategies as st

from lmrt.adapters.fake import FakeBackend, FakeMachineProbe, FakeTokenizerFactory
from lmrt.application.loader import RuntimeLoader
from lmrt.application.resolver import Resolver
from lmrt.domain.config import RuntimeConfig
from lmrt.domain.errors import LmrtError, LoadFailed
from lmrt.domain.failures import (
    EngineCrashed,
    EngineUnusable,
    LoadFailure,
    Malformed,
    OtherFailure,
    OutOfMemory,
    Unsupported,
)
from lmrt.domain.models import Artifact, ArtifactFormat, ResolvedModel
from lmrt.domain.notices import LoadFellBack
from lmrt.domain.plans import RuntimePlan, device_of
from lmrt.domain.probes import BackendProbe
from lmrt.domain.references import Interpretation, Lookup
from lmrt.ports.backend import LoadedModel, LoadProgress
from tests.property.strategies import DEVICES, able_worlds, optional, worlds
from tests.property.tight_worlds import tight_worlds
from tests.property.worlds import World

failures: st.SearchStrategy[LoadFailure | None] = st.one_of(
    st.none(),
    st.builds(OutOfMemory, st.sampled_from(DEVICES), st.just("no room")),
    st.sampled_from(
        [
            Malformed("cut"),
            Unsupported("new"),
            EngineUnusable("gone"),
            EngineCrashed("SIGKILL", ""),
            EngineCrashed("SIGSEGV", ""),
            OtherFailure("no"),
        ]
    ),
)


@frozen
class Source:
    """`ModelSource` of one model."""

    model: ResolvedModel

    def find(self, interpretation: Interpretation, lookup: Lookup) -> ResolvedModel | None:
        return self.model

    def discover(self, models_dir: Path) -> tuple[ResolvedModel, ...]:
        return ()

    def known_names(self, models_dir: Path) -> tuple[str, ...]:
        return ()


class Everything:
    """`Materializer` that has every file."""

    def materialize(
        self, artifact: Artifact, *, offline: bool = False, progress: Any = None
    ) -> Path:
        return Path("/models")


@frozen
class Injected:
    """A backend whose loads fail as they are told to, one after the other."""

    probed: BackendProbe
    coming: list[LoadFailure | None]
    tried: list[tuple[RuntimePlan, LoadFailure | None]] = field(factory=list)

    @property
    def id(self) -> str:
        return self.probed.backend

    def probe(self, *, deep: bool = False) -> BackendProbe:
        return self.probed

    def load(
        self, plan: RuntimePlan, root: Path, progress: LoadProgress | None = None
    ) -> LoadedModel:
        failure = self.coming.pop(0) if self.coming else None
        self.tried.append((plan, failure))
        if failure is not None:
            raise LoadFailed("no", code="engine-load-failed", failure=failure)
        return FakeBackend(self.probed).load(plan, root, progress)


def loader_of(
    world: World, coming: list[LoadFailure | None]
) -> tuple[RuntimeLoader, list[tuple[RuntimePlan, LoadFailure | None]]]:
    tried: list[tuple[RuntimePlan, LoadFailure | None]] = []
    return RuntimeLoader(
        resolver=Resolver((Source(world.model),), {}),
        backends=[Injected(probe, coming, tried) for probe in world.probes],
        machine=FakeMachineProbe(world.machine),
        materializer=Everything(),
        tokenizers=dict.fromkeys(ArtifactFormat, FakeTokenizerFactory()),
        clock=lambda: 0.0,
    ), tried


@given(
    world=st.one_of(worlds(), able_worlds(), tight_worlds()),
    coming=st.lists(failures, max_size=5),
    device=optional(DEVICES),
    strict=st.sampled_from((False, False, False, True)),
    loads=st.integers(1, 3),
)
def test_law(
    world: World,
    coming: list[LoadFailure | None],
    device: str | None,
    strict: bool,
    loads: int,
) -> None:
    asked = world.request
    if asked.backend not in [None, *(probe.backend for probe in world.probes)]:
        asked = evolve(asked, backend=None)
    config = RuntimeConfig(
        "/models/some",
        backend=asked.backend,
        device=device or asked.device,
        context_length=asked.context_length,
        kv_type=asked.kv_type,
        memory_budget=asked.memory_budget,
        prefer=asked.prefer,
        allow_remote_code=asked.allow_remote_code,
        allow_unsafe_weights=asked.allow_unsafe_weights,
        dtype=asked.dtype,
        strict=strict,
    )
    loader, tried = loader_of(world, list(coming))
    for _ in range(loads):
        before = len(tried)
        try:
            with loader.load(config) as runtime:
                now = tried[before:]
                fell = [isinstance(one, LoadFellBack) for one in runtime.plan.notices]
                assert any(fell) == (len(now) == 2)
                assert sum(fell) <= 1
        except LmrtError:
            now = tried[before:]
        assert len(now) <= (1 if strict else 2)
        keeps_to_pins(config, [plan for plan, _ in now])
        if len(now) == 2:
            needs_less(world, *now[0], now[1][0])
    never_again(tried)


def keeps_to_pins(config: RuntimeConfig, plans: list[RuntimePlan]) -> None:
    for plan in plans:
        chosen = plan.chosen
        assert config.backend in (None, chosen.backend)
        assert config.device in (None, device_of(chosen.placement))
        assert config.kv_type in (None, chosen.settings.kv_type)
        assert config.dtype in (None, chosen.settings.dtype)
        if config.context_length is not None:
            assert chosen.settings.context_length >= config.context_length
        if config.memory_budget is not None:
            assert chosen.memory.total <= config.memory_budget


def needs_less(
    world: World, failed: RuntimePlan, failure: LoadFailure | None, other: RuntimePlan
) -> None:
    """After memory ran out the next needs less of it; a broken file is given to nobody else."""
    match failure:
        case OutOfMemory("cpu", _) | EngineCrashed("SIGKILL", _):
            assert other.chosen.memory.host < max(failed.chosen.memory.host, 1)
        case OutOfMemory(pool, _):
            # On several cards the sum stands for each
            places = [device_of(plan.chosen.placement) for plan in (failed, other)]
            if places == [pool, pool]:
                assert other.chosen.memory.device < failed.chosen.memory.device
        case Malformed():
            assert other.artifact.id != failed.artifact.id
        case EngineUnusable():
            assert other.backend != failed.backend
        case _:
            pass


def never_again(tried: list[tuple[RuntimePlan, LoadFailure | None]]) -> None:
    """No candidate is loaded after it failed, whatever was loaded in between."""
    failed: list[Any] = []
    for plan, failure in tried:
        chosen = plan.chosen
        settings = evolve(chosen.settings, threads=1, batch_threads=1)
        same = (chosen.artifact, chosen.backend, chosen.placement, settings)
        assert same not in failed
        if failure is not None:
            failed.append(same)
