"""Which backends a check takes, with which data types, and when it refuses."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from lmrt.adapters.fake import FakeBackend, fake_probe
from lmrt.domain.config import Dtype, KvType, RuntimeConfig
from lmrt.domain.errors import ConfigurationError, LoadFailed, NoExecutablePlan
from lmrt.domain.models import ArtifactFormat
from lmrt.domain.parity.report import CannotLoad, CannotRun
from lmrt.domain.parity.request import ParityRequest
from lmrt.domain.plans import RuntimePlan
from lmrt.domain.probes import Unavailable, UnavailableReason
from lmrt.ports.backend import LoadedModel, LoadProgress
from tests.support.parity import MODEL, ONE, OTHER, TwoBackends, report_on, request, write_both
from tests.support.tiny_models import write_gguf


def test_one_backend_is_in_memory_at_a_time(tmp_path: Path) -> None:
    two = TwoBackends()
    one, other = two.backends()
    in_memory: list[int] = []

    class Watched(FakeBackend):
        def load(
            self, plan: RuntimePlan, root: Path, progress: LoadProgress | None = None
        ) -> LoadedModel:
            models = (*one.loaded, *watched.loaded)
            in_memory.append(sum(not model.closed for model in models))
            return super().load(plan, root, progress)

    watched = Watched(other.answer)
    two.check((one, watched)).run(request(write_both(tmp_path)))
    assert in_memory == [0, 0]
    assert all(model.closed for model in (*one.loaded, *watched.loaded))


def plans_of(tmp_path: Path, device: Mapping[str, Any], **config: Any) -> RuntimePlan:
    """Return the plan of a backend whose device has these abilities."""
    one, other = TwoBackends().backends()
    plans: list[RuntimePlan] = []

    class Noting(FakeBackend):
        def load(
            self, plan: RuntimePlan, root: Path, progress: LoadProgress | None = None
        ) -> LoadedModel:
            plans.append(plan)
            return super().load(plan, root, progress)

    able = Noting(evolve(other.answer, devices=(evolve(other.answer.devices[0], **device),)))
    asked = request(write_both(tmp_path))
    TwoBackends().check((one, able)).run(evolve(asked, config=evolve(asked.config, **config)))
    return plans[0]


def test_the_weights_that_are_rounded_least_are_compared(tmp_path: Path) -> None:
    write_gguf(evolve(MODEL, dtype="Q8_0"), tmp_path / "a-smaller.gguf")
    folder = write_both(tmp_path, one=evolve(MODEL, dtype="F16"))
    report = TwoBackends().check().run(request(folder))
    assert report.backends[0].artifact == "tiny.gguf"


CONVERTS = {"dtypes": (Dtype.BF16,), "other_dtypes": (Dtype.F32, Dtype.INT8)}


def test_everything_is_f32_where_the_backend_can(tmp_path: Path) -> None:
    settings = plans_of(tmp_path, CONVERTS).settings
    assert (settings.dtype, settings.kv_type) == (Dtype.F32, KvType.F32)


def test_weights_stay_as_they_are_where_it_cannot(tmp_path: Path) -> None:
    settings = plans_of(tmp_path, {}).settings
    assert (settings.dtype, settings.kv_type) == (None, KvType.F32)


def test_what_the_user_asks_for_is_what_is_compared(tmp_path: Path) -> None:
    settings = plans_of(tmp_path, CONVERTS, dtype="int8").settings
    assert (settings.dtype, settings.kv_type) == (Dtype.INT8, KvType.F16)


def test_a_dtype_is_not_asked_of_a_backend_that_keeps_weights(tmp_path: Path) -> None:
    settings = plans_of(tmp_path, {}, dtype="int8").settings
    assert (settings.dtype, settings.kv_type) == (None, KvType.F16)


def test_three_backends_are_three_pairs(tmp_path: Path) -> None:
    third = FakeBackend(evolve(fake_probe("third"), formats=frozenset({ArtifactFormat.GGUF})))
    report = report_on(tmp_path, TwoBackends(more=(third,)))
    assert [pair.backends for pair in report.pairs] == [
        (ONE, OTHER),
        (ONE, "third"),
        (OTHER, "third"),
    ]
    named = report_on(tmp_path, TwoBackends(more=(third,)), backends=("third", ONE))
    assert [pair.backends for pair in named.pairs] == [("third", ONE)]


def absent(name: str) -> FakeBackend:
    gone = Unavailable(UnavailableReason.NOT_INSTALLED, f"{name} is not installed", "pip install x")
    return FakeBackend(evolve(fake_probe(name), availability=gone))


def test_a_backend_that_cannot_run_is_left_out_with_its_reasons(tmp_path: Path) -> None:
    report = report_on(tmp_path, TwoBackends(more=(absent("gone"),)))
    assert len(report.pairs) == 1
    (left,) = report.left_out
    assert left.backend == "gone"
    assert isinstance(left.why, CannotRun)
    assert {row.backend for row in left.why.rejected} == {"gone"}


def test_one_backend_alone_is_refused_with_what_would_help(tmp_path: Path) -> None:
    one, _ = TwoBackends().backends()
    check = TwoBackends().check((one, absent("gone")))
    with pytest.raises(NoExecutablePlan) as caught:
        check.run(request(write_both(tmp_path)))
    assert caught.value.code == "parity-needs-two"
    assert caught.value.message.startswith(f"only `{ONE}` can run ")
    assert {row.backend for row in caught.value.rejected} == {"gone"}
    assert caught.value.hint == "pip install x"


def test_a_folder_of_one_format_is_told_to_have_both(tmp_path: Path) -> None:
    folder = write_both(tmp_path)
    (folder / "tiny.gguf").unlink()
    with pytest.raises(NoExecutablePlan) as caught:
        TwoBackends().check().run(request(folder))
    assert caught.value.code == "parity-needs-two"
    assert "into one folder" in str(caught.value.hint)


def test_a_named_backend_that_cannot_run_is_refused(tmp_path: Path) -> None:
    two = TwoBackends(more=(absent("gone"),))
    with pytest.raises(NoExecutablePlan) as caught:
        report_on(tmp_path, two, backends=(ONE, OTHER, "gone"))
    assert caught.value.code == "no-executable-plan"


@pytest.mark.parametrize("names", [(ONE, "vllm"), (ONE,), (ONE, ONE)])
def test_names_that_are_no_two_backends(tmp_path: Path, names: tuple[str, ...]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        report_on(tmp_path, TwoBackends(), backends=names)
    assert caught.value.code == "invalid-option"
    assert f"`{OTHER}`" in caught.value.message


@pytest.mark.parametrize("prompts", [(), ("hi", "  ")])
def test_prompts_that_are_none(tmp_path: Path, prompts: tuple[str, ...]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ParityRequest(config=RuntimeConfig(str(tmp_path)), prompts=prompts)
    assert caught.value.code == "invalid-option"


def refusing(code: str) -> tuple[FakeBackend, FakeBackend]:
    """Return two backends, the second of which fails to load."""
    one, other = TwoBackends().backends()
    return one, evolve(other, load_failure=LoadFailed("no", code=code, hint="do that"))


def test_a_backend_whose_engine_refuses_is_left_out(tmp_path: Path) -> None:
    third = FakeBackend(evolve(fake_probe("third"), formats=frozenset({ArtifactFormat.GGUF})))
    check = TwoBackends().check((*refusing("engine-load-failed"), third))
    report = check.run(request(write_both(tmp_path)))
    assert [pair.backends for pair in report.pairs] == [(ONE, "third")]
    (left,) = report.left_out
    assert left.backend == OTHER
    assert left.why == CannotLoad("engine-load-failed", "no", None, "do that")


def test_a_refusal_that_leaves_one_backend_is_the_reason(tmp_path: Path) -> None:
    with pytest.raises(NoExecutablePlan) as caught:
        TwoBackends().check(refusing("engine-load-failed")).run(request(write_both(tmp_path)))
    assert caught.value.code == "parity-needs-two"
    assert (caught.value.note, caught.value.hint) == ("no", "do that")


@pytest.mark.parametrize(
    ("code", "named"), [("engine-load-failed", (ONE, OTHER)), ("plan-mismatch", ())]
)
def test_other_failing_loads_say_which_backend_it_was(
    tmp_path: Path, code: str, named: tuple[str, ...]
) -> None:
    one, failing = refusing(code)
    with pytest.raises(LoadFailed) as caught:
        TwoBackends().check((one, failing)).run(request(write_both(tmp_path), backends=named))
    assert f"`{OTHER}`" in str(caught.value.note)
    assert one.loaded[0].closed
