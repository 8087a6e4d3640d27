"""Backends that this version cannot run yet say so, truthfully, without importing their engine."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lmrt.adapters.torch import torch_backend
from lmrt.adapters.torch.backend import ProbeOnly
from lmrt.adapters.torch.probe import probe_of as torch_probe
from lmrt.domain.config import KvType, Preference
from lmrt.domain.errors import LoadFailed
from lmrt.domain.models import (
    Artifact,
    ArtifactFormat,
    LocalSource,
    Quantization,
    WeightBytes,
)
from lmrt.domain.plans import (
    Candidate,
    ExecutionSettings,
    MemoryEstimate,
    OnCpu,
    PlanRequest,
    RuntimePlan,
    Specialization,
    SpeedEstimate,
)
from lmrt.domain.probes import BackendProbe, Unavailable, UnavailableReason
from lmrt.ports.backend import Backend

BACKENDS = {"torch": torch_backend}
both = pytest.mark.parametrize(("name", "make"), BACKENDS.items())
Make = Callable[[], Backend]


def devices(probe: BackendProbe) -> list[str]:
    return [device.device for device in probe.devices]


@both
def test_its_name_is_the_one_of_its_probe(name: str, make: Make) -> None:
    backend = make()
    assert backend.id == backend.probe().backend == name


@both
@pytest.mark.parametrize("deep", [False, True])
def test_it_is_never_available_here(name: str, make: Make, *, deep: bool) -> None:
    assert isinstance(make().probe(deep=deep).availability, Unavailable)


def test_what_is_not_installed_can_be() -> None:
    assert torch_probe(None, 0).availability == Unavailable(
        UnavailableReason.NOT_INSTALLED,
        "torch is not installed, and this version of lmrt only plans for it",
        "pip install 'lmrt[torch]'",
    )


def test_what_is_installed_cannot_run_yet() -> None:
    availability = torch_probe("2.13.0+cpu", 0).availability
    assert isinstance(availability, Unavailable)
    assert availability.reason is UnavailableReason.NOT_IN_THIS_VERSION
    assert availability.message.startswith("torch 2.13.0+cpu is installed, but ")


def test_torch_uses_the_gpus_that_its_build_and_the_driver_allow(tmp_path: Path) -> None:
    assert devices(torch_probe("2.13.0", 2)) == ["cuda:0", "cuda:1", "cpu"]
    assert devices(torch_probe("2.13.0+cpu", 2)) == ["cpu"]
    for name in ("nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm"):
        (tmp_path / name).touch()
    expected = torch_probe(torch_version(), 2)
    assert ProbeOnly(tmp_path).probe() == expected


def torch_version() -> str | None:
    for name, text in torch_backend().probe().details:
        if name == "package":
            return text.removeprefix("torch ")
    return None


def test_formats_are_those_that_the_engine_reads() -> None:
    assert torch_probe(None, 0).formats == {ArtifactFormat.SAFETENSORS}


@both
def test_loading_is_refused(name: str, make: Make, tmp_path: Path) -> None:
    with pytest.raises(LoadFailed, match=f"does not run models with `{name}`") as caught:
        make().load(plan_for(name, tmp_path), tmp_path)
    assert caught.value.code == "engine-load-failed"


def test_probing_imports_no_engine() -> None:
    script = (
        "import sys;"
        "from lmrt.adapters.torch import torch_backend; torch_backend().probe(deep=True);"
        "print({'torch', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr


def plan_for(backend: str, root: Path) -> RuntimePlan:
    artifact = Artifact(
        id="SAFETENSORS",
        format=ArtifactFormat.SAFETENSORS,
        architecture="llama",
        quantization=Quantization("F16", 16.0),
        files=(),
        weights=WeightBytes((), 0, 0),
        source=LocalSource(root),
    )
    chosen = Candidate(
        artifact=artifact.id,
        backend=backend,
        placement=OnCpu(),
        specialization=Specialization("cpu", "there is no accelerator"),
        settings=ExecutionSettings(512, KvType.F16, False, 1, 1, 512, 1),
        memory=MemoryEstimate(0, 0, 0, 0, 0, 0),
        speed=SpeedEstimate(1.0, False),
    )
    return RuntimePlan(
        model_reference="tiny",
        model_name="Tiny",
        request=PlanRequest(prefer=Preference.BALANCED),
        artifact=artifact,
        chosen=chosen,
        reason="the only one",
        notices=(),
        alternatives=(),
    )
