from pathlib import Path
from typing import Any

import pytest
from attrs import evolve, frozen

from lmrt.domain.errors import ConfigurationError
from lmrt.domain.machine import Machine
from lmrt.domain.models import (
    Artifact,
    ArtifactFile,
    ArtifactFormat,
    HubSource,
    LocalSource,
    Quantization,
)
from lmrt.domain.planning import plan, replayed
from lmrt.domain.plans import PlanRequest, RuntimePlan
from lmrt.domain.probes import Available, BackendProbe, Feature
from tests.support.worlds import (
    GIB,
    ON_CPU,
    ON_GPU,
    Q4,
    Q8,
    gguf_backend,
    gpu,
    machine,
    missing_backend,
    model,
)

REQUEST = PlanRequest(context_length=4096)
MACHINE = machine(24 * GIB, accelerators=(gpu(12 * GIB),))
PROBE = gguf_backend(ON_GPU, ON_CPU)


@frozen
class Now:
    artifacts: tuple[Artifact, ...] = (Q4,)
    machine: Machine = MACHINE
    probe: BackendProbe = PROBE
    request: PlanRequest = REQUEST


def saved(now: Now) -> RuntimePlan:
    return plan(now.request, model(*now.artifacts), now.machine, [now.probe])


def replay(before: Now, now: Now) -> RuntimePlan:
    return replayed(saved(before), now.request, model(*now.artifacts), now.machine, [now.probe])


def changes(before: Now, now: Now) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        replay(before, now)
    assert caught.value.code == "plan-changed"
    return list(caught.value.context["changes"])


def test_what_has_not_changed_is_replayed_exactly() -> None:
    assert replay(Now(), Now()) == saved(Now())


def test_what_would_be_planned_otherwise_today_is_replayed_all_the_same() -> None:
    now = Now(artifacts=(Q8, Q4), machine=machine(64 * GIB, accelerators=(gpu(48 * GIB),)))

    assert replay(Now(), now).chosen == saved(Now()).chosen


def test_a_folder_may_have_moved() -> None:
    moved = evolve(Q4, source=LocalSource(Path("/elsewhere")))

    assert replay(Now(), Now(artifacts=(moved,))).artifact == moved


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        (
            {"files": (ArtifactFile(Q4.files[0].path, 7),)},
            f"`Q4_K_M.gguf` had {Q4.size:,} bytes, now it has 7",
        ),
        ({"files": (*Q4.files, ArtifactFile("b", 1))}, "`b` is new among its files"),
        ({"files": (ArtifactFile("b", 1),)}, "`Q4_K_M.gguf` is no longer among its files"),
        ({"quantization": Quantization("Q4_1", 5.0)}, "tells another quantization"),
        (
            {"source": HubSource("org/name", "1" * 40)},
            "came from `/models`, now from `org/name@1111111`",
        ),
        ({"id": "other.gguf"}, "`Q4_K_M.gguf` is no longer among the model's artifacts"),
    ],
)
def test_another_artifact_is_named(changed: dict[str, Any], named: str) -> None:
    found = changes(Now(), Now(artifacts=(evolve(Q4, **changed),)))

    assert any(named in line for line in found), found


def test_another_version_of_the_backend_is_named() -> None:
    now = Now(probe=evolve(PROBE, availability=Available("1.1")))

    assert changes(Now(), now) == ["`alpha` was 1.0, now it is 1.1"]


def test_a_backend_that_is_gone_is_named() -> None:
    gone = Now(probe=missing_backend("alpha"))

    assert changes(Now(), gone) == ["`alpha` cannot run: `alpha` is not installed"]


def test_a_device_that_is_gone_is_named() -> None:
    now = Now(machine=machine(24 * GIB))

    assert changes(Now(), now) == ["`alpha` can no longer use `cuda:0`"]


def test_too_little_memory_is_named() -> None:
    now = Now(machine=machine(24 * GIB, accelerators=(gpu(12 * GIB, 2 * GIB),)))

    (found,) = changes(Now(), now)
    assert found.startswith("it needs ")
    assert "memory on `cuda:0`, 1.40 GiB can be used" in found


def test_fewer_cores_than_threads_are_named() -> None:
    before = Now(machine=machine(24 * GIB), probe=gguf_backend())
    cores = evolve(before.machine.processor, physical_cores=2)

    now = evolve(before, machine=evolve(before.machine, processor=cores))
    assert changes(before, now) == ["it was made for 8 threads, and there are 2 cores"]


def test_a_feature_that_the_prompt_needs_is_named() -> None:
    now = Now(request=evolve(REQUEST, features=frozenset({Feature.CONSTRAINTS})))

    assert changes(Now(), now) == ["`alpha` lacks `constraints`"]


def test_pickle_files_are_allowed_anew_each_time() -> None:
    pickled = evolve(Q4, format=ArtifactFormat.PICKLE)
    reader = evolve(PROBE, formats=frozenset({ArtifactFormat.PICKLE}))
    before = Now((pickled,), probe=reader, request=evolve(REQUEST, allow_unsafe_weights=True))

    (found,) = changes(before, evolve(before, request=REQUEST))
    assert "`--allow-unsafe-weights` is not given now" in found
    assert replay(before, before).request.allow_unsafe_weights


def test_all_changes_are_named_together() -> None:
    now = Now(
        artifacts=(evolve(Q4, files=(ArtifactFile("b", 1),)),),
        probe=evolve(PROBE, availability=Available("1.1")),
    )

    assert len(changes(Now(), now)) == 3
