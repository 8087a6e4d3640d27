"""A load that fails: what is tried instead, what is not, and what is said."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve, field, frozen

from lmrt.adapters.fake import (
    FakeBackend,
    FakeMachineProbe,
    FakeTokenizerFactory,
    fake_machine,
    fake_probe,
)
from lmrt.application.loader import RuntimeLoader
from lmrt.application.resolver import Resolver
from lmrt.domain.config import RuntimeConfig
from lmrt.domain.errors import LmrtError, LoadFailed, NoExecutablePlan, NotMaterialized
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
from lmrt.domain.plans import RuntimePlan
from lmrt.domain.references import Interpretation, Lookup
from lmrt.ports.backend import LoadedModel, LoadProgress
from tests.support.worlds import GIB, Q4, Q8, model

SAFETENSORS = evolve(
    Q8,
    id="model.safetensors",
    format=ArtifactFormat.SAFETENSORS,
    files=(evolve(Q8.files[0], path="model.safetensors"),),
)


@frozen
class OneModel:
    """`ModelSource` of one model."""

    found: ResolvedModel

    def find(self, interpretation: Interpretation, lookup: Lookup) -> ResolvedModel | None:
        return self.found

    def discover(self, models_dir: Path) -> tuple[ResolvedModel, ...]:
        return (self.found,)

    def known_names(self, models_dir: Path) -> tuple[str, ...]:
        return ()


@frozen
class Here:
    """`Materializer` of files that are here, but for some artifacts."""

    missing: frozenset[str] = frozenset()

    def materialize(
        self, artifact: Artifact, *, offline: bool = False, progress: Any = None
    ) -> Path:
        if artifact.id in self.missing:
            raise NotMaterialized("it is not here", code="not-downloaded")
        return Path("/models")


Failing = Callable[[RuntimePlan], LoadFailure | None]


@frozen
class Injected:
    """A backend whose loads fail as they are told to.

    Attributes:
        inner: The backend that loads what does not fail.
        failing: Returns what goes wrong with a plan, or None.
        tried: Every plan that was loaded.
    """

    inner: FakeBackend
    failing: Failing
    tried: list[RuntimePlan] = field(factory=list)

    @property
    def id(self) -> str:
        return self.inner.id

    def probe(self, *, deep: bool = False) -> Any:
        return self.inner.probe()

    def load(
        self, plan: RuntimePlan, root: Path, progress: LoadProgress | None = None
    ) -> LoadedModel:
        self.tried.append(plan)
        failure = self.failing(plan)
        if failure is not None:
            raise LoadFailed("no", code="engine-load-failed", note=failure.told, failure=failure)
        return self.inner.load(plan, root, progress)


def always(failure: LoadFailure) -> Failing:
    return lambda plan: failure


def first_only(failure: LoadFailure) -> Failing:
    left = [failure]
    return lambda plan: left.pop() if left else None


def never(plan: RuntimePlan) -> None:
    return None


def loader_of(
    failing: Mapping[str, Failing],
    *artifacts: Artifact,
    materializer: Here | None = None,
    memory: int = 64 * GIB,
) -> tuple[RuntimeLoader, list[RuntimePlan]]:
    tried: list[RuntimePlan] = []
    backends = [
        Injected(FakeBackend(fake_probe(name)), how, tried) for name, how in failing.items()
    ]
    loader = RuntimeLoader(
        resolver=Resolver((OneModel(model(*artifacts)),), {}),
        backends=backends,
        machine=FakeMachineProbe(fake_machine(memory_total=memory, memory_free=memory)),
        materializer=materializer or Here(),
        tokenizers=dict.fromkeys(ArtifactFormat, FakeTokenizerFactory()),
        clock=lambda: 0.0,
    )
    return loader, tried


def config(**options: Any) -> RuntimeConfig:
    return RuntimeConfig("/models/some", **options)


MEMORY = OutOfMemory("cpu", "no room")
OTHER = OtherFailure("it said no")


def test_the_next_candidate_runs_with_a_notice() -> None:
    loader, tried = loader_of({"alpha": always(OTHER), "beta": never}, Q4)
    with loader.load(config()) as runtime:
        assert [plan.backend for plan in tried] == ["alpha", "beta"]
        assert runtime.plan.backend == "beta"
        assert runtime.plan.notices == (
            LoadFellBack(
                failed="`Q4_K_M.gguf` on `alpha`, `cpu`",
                failure="other",
                reason="the engine refused it",
                used="`Q4_K_M.gguf` on `beta`, `cpu`",
            ),
        )


def test_there_is_one_further_load_and_its_error_tells_both() -> None:
    loader, tried = loader_of(dict.fromkeys(("alpha", "beta", "gamma"), always(OTHER)), Q4)
    with pytest.raises(LoadFailed) as caught:
        loader.load(config())
    assert [plan.backend for plan in tried] == ["alpha", "beta"]
    note = caught.value.note
    assert note is not None
    assert "`alpha`" in note
    assert "`beta`" in note
    attempts = caught.value.context["attempts"]
    assert [one["backend"] for one in attempts] == ["alpha", "beta"]


def test_out_of_memory_is_followed_by_what_needs_less_there() -> None:
    loader, tried = loader_of({"alpha": first_only(MEMORY)}, Q8, Q4)
    with loader.load(config(prefer="quality")) as runtime:
        assert runtime.plan.artifact.id == Q4.id
    one, other = (plan.chosen.memory.host for plan in tried)
    assert other < 0.9 * one


def test_of_one_artifact_a_smaller_context_is_next() -> None:
    loader, _ = loader_of({"alpha": first_only(MEMORY)}, Q4)
    with loader.load(config()) as runtime:
        assert runtime.plan.settings.context_length == 8192
        fell = runtime.plan.notices[0]
        assert isinstance(fell, LoadFellBack)
        assert fell.failed == "`Q4_K_M.gguf` on `alpha`, `cpu`, with 16,384 tokens of context"
        assert fell.reason == "main memory ran out"


def test_the_context_that_the_user_asks_for_is_not_cut() -> None:
    loader, tried = loader_of({"alpha": always(MEMORY)}, Q4)
    with pytest.raises(LoadFailed):
        loader.load(config(context_length=16_384, kv_type="f16"))
    assert len(tried) == 1


@pytest.mark.parametrize(
    "killed",
    [
        EngineCrashed("SIGKILL", ""),
        EngineCrashed("SIGABRT", "terminate called after throwing 'std::bad_alloc'"),
        EngineCrashed("SIGABRT", "GGML_ASSERT(ctx->mem_buffer != NULL) failed"),
    ],
)
def test_a_killed_engine_counts_as_out_of_memory(killed: EngineCrashed) -> None:
    loader, tried = loader_of({"alpha": first_only(killed)}, Q4)
    with loader.load(config()):
        one, other = (plan.chosen.memory.host for plan in tried)
        assert other < 0.9 * one


@pytest.mark.parametrize("option", [{"backend": "alpha"}, {"backend": "alpha", "device": "cpu"}])
@pytest.mark.parametrize(
    "failure", [OTHER, Unsupported("no"), EngineUnusable("no"), EngineCrashed("SIGSEGV", "")]
)
def test_a_pinned_backend_fails(option: dict[str, Any], failure: LoadFailure) -> None:
    loader, tried = loader_of({"alpha": always(failure), "beta": never}, Q4)
    with pytest.raises(LoadFailed) as caught:
        loader.load(config(**option))
    assert len(tried) == 1
    assert caught.value.hint is not None
    assert "leave out `--backend alpha`" in caught.value.hint


def test_a_malformed_file_is_not_given_to_another_backend() -> None:
    malformed = Malformed("cut short")
    loader, tried = loader_of({"alpha": always(malformed), "beta": never}, Q4)
    with pytest.raises(LoadFailed):
        loader.load(config())
    assert len(tried) == 1


def test_another_file_of_the_model_is_tried_after_a_malformed_one() -> None:
    def failing(plan: RuntimePlan) -> LoadFailure | None:
        return Malformed("cut short") if plan.artifact.format is ArtifactFormat.GGUF else None

    loader, tried = loader_of({"alpha": failing, "beta": failing}, Q8, SAFETENSORS)
    with loader.load(config()) as runtime:
        assert runtime.plan.artifact.id == SAFETENSORS.id
    assert len(tried) <= 2


def test_strict_makes_it_an_error_before_anything_else_is_loaded() -> None:
    loader, tried = loader_of({"alpha": always(OTHER), "beta": never}, Q4)
    with pytest.raises(LoadFailed) as caught:
        loader.load(config(strict=True))
    assert len(tried) == 1
    assert caught.value.hint is not None
    assert "leave out `--strict`" in caught.value.hint


def test_what_failed_is_never_loaded_again() -> None:
    loader, tried = loader_of({"alpha": always(OTHER), "beta": never}, Q4)
    loader.load(config()).close()
    loader.load(config()).close()
    assert [plan.backend for plan in tried] == ["alpha", "beta", "beta"]
    assert loader.plan(config()).backend == "beta"


def test_where_everything_failed_the_plan_says_so() -> None:
    loader, tried = loader_of({"alpha": always(OTHER)}, Q4)
    for _ in range(2):
        with pytest.raises(LmrtError) as caught:
            loader.load(config())
    assert len(tried) == 1
    assert isinstance(caught.value, NoExecutablePlan)
    assert caught.value.note is not None
    assert "failed when it was loaded in this process: the engine refused it" in caught.value.note


def test_a_model_that_failed_says_nothing_about_another() -> None:
    loader, tried = loader_of({"alpha": first_only(OTHER)}, Q4)
    with pytest.raises(LoadFailed):
        loader.load(config())
    other = evolve(Q4, id="other.gguf", files=(evolve(Q4.files[0], path="other.gguf"),))
    loader._resolver = Resolver((OneModel(model(other)),), {})
    loader.load(config()).close()
    assert len(tried) == 2


def test_files_that_cannot_be_had_end_it_with_both_reasons() -> None:
    loader, _ = loader_of({"alpha": always(MEMORY)}, Q8, Q4, materializer=Here(frozenset({Q4.id})))
    with pytest.raises(LoadFailed) as caught:
        loader.load(config(prefer="quality"))
    codes = [one["code"] for one in caught.value.context["attempts"]]
    assert codes == ["engine-load-failed", "not-downloaded"]


def test_a_saved_plan_is_not_departed_from() -> None:
    loader, tried = loader_of({"alpha": always(OTHER), "beta": never}, Q4)
    loader._saved = loader.plan(config())
    with pytest.raises(LoadFailed):
        loader.load(config())
    assert len(tried) == 1
