"""The probe follows from the installed packages, the driver and the processor."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from lmrt.adapters.torch import deep_probe as deep
from lmrt.adapters.torch import engine, errors, probe, torch_backend
from lmrt.adapters.torch.architectures import TEXT_ARCHITECTURES
from lmrt.adapters.torch.cuda import count_gpus
from lmrt.adapters.torch.installation import Installation, find_installation
from lmrt.adapters.torch.offers import cpu_device, cpu_flags, cuda_devices, metal_device
from lmrt.domain.config import Dtype, KvType
from lmrt.domain.models import ArtifactFormat
from lmrt.domain.probes import Available, Feature, Unavailable, UnavailableReason

WHOLE = Installation("2.13.0", "5.23.0", "1.15.0")
CPU = cpu_device(frozenset())


def with_version(package: str, version: str | None) -> Installation:
    changed: dict[str, Any] = {package: version}
    return evolve(WHOLE, **changed)


def trouble(found: Installation) -> Unavailable:
    availability = probe.probe_of(found, (CPU,)).availability
    assert isinstance(availability, Unavailable)
    return availability


def test_a_whole_installation() -> None:
    found = probe.probe_of(WHOLE, (CPU,))
    assert found.availability == Available("2.13.0")
    assert found.devices == (CPU,)
    assert found.formats == {ArtifactFormat.SAFETENSORS, ArtifactFormat.PICKLE}
    assert found.architectures is TEXT_ARCHITECTURES
    assert set(found.kv_types) == {KvType.F32, KvType.BF16, KvType.F16}
    assert found.kv_follows_weights
    assert found.whole_windows
    assert not found.methods
    assert Feature.LOGPROBS in found.features
    assert found.device_overhead == 0


def test_nothing_is_installed() -> None:
    found = trouble(Installation(None, None, None))
    assert found.reason is UnavailableReason.NOT_INSTALLED
    assert found.message == "torch and transformers and accelerate are not installed"
    assert found.fix == "pip install 'lmrt[torch]'"


@pytest.mark.parametrize("name", ["torch", "transformers", "accelerate"])
def test_one_package_is_not_installed(name: str) -> None:
    found = trouble(with_version(name, None))
    assert found.reason is UnavailableReason.NOT_INSTALLED
    assert found.message == f"{name} is not installed"


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("torch", "2.12.1"),
        ("torch", "3.0.0"),
        ("transformers", "4.57.6"),
        ("transformers", "5.22.9"),
        ("transformers", "6.0.0"),
        ("accelerate", "1.14.0"),
    ],
)
def test_versions_that_do_not_fit(name: str, version: str) -> None:
    found = trouble(with_version(name, version))
    assert found.reason is UnavailableReason.UNSUPPORTED_VERSION
    assert f"{name} {version} is installed" in found.message
    assert found.fix is not None


@pytest.mark.parametrize("version", ["2.13.0+cpu", "2.13.1+cu130", "2.14.0a0+git1234", "unknown"])
def test_versions_that_fit(version: str) -> None:
    found = probe.probe_of(evolve(WHOLE, torch=version), (CPU,))
    assert found.availability == Available(version)


def test_newer_models_are_left_to_the_load() -> None:
    found = probe.probe_of(evolve(WHOLE, transformers="5.24.0"), (CPU,))
    assert found.architectures is None


def test_a_gpu_takes_memory_of_its_own() -> None:
    found = probe.probe_of(WHOLE, (*cuda_devices([(9, 0)]), CPU))
    assert [device.device for device in found.devices] == ["cuda:0", "cpu"]
    assert found.device_overhead > 0


def test_several_gpus_can_hold_one_model() -> None:
    for capabilities, several in (([(9, 0)], False), ([(9, 0), (8, 0)], True)):
        found = probe.probe_of(WHOLE, (*cuda_devices(capabilities), CPU))
        assert (Feature.SEVERAL_DEVICES in found.features) == several


def test_gpus_compute_in_what_they_have_instructions_for() -> None:
    new, old, silent = cuda_devices([(8, 0), (7, 5), None])
    assert [device.device for device in (new, old, silent)] == ["cuda:0", "cuda:1", "cuda:2"]
    assert new.dtypes == (Dtype.BF16, Dtype.F16)
    assert old.dtypes == silent.dtypes == (Dtype.F16,)
    assert Dtype.F32 in new.other_dtypes
    assert metal_device().dtypes[0] is Dtype.F16


@pytest.mark.parametrize("flag", ["avx512_bf16", "amx_bf16"])
def test_a_cpu_keeps_bfloat16_where_it_has_instructions_for_it(tmp_path: Path, flag: str) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text(f"processor\t: 0\nflags\t\t: fpu avx2 {flag} sse\nprocessor\t: 1\n")
    assert cpu_device(cpu_flags(file)).dtypes == (Dtype.F32, Dtype.BF16)


def test_a_cpu_computes_in_float32_elsewhere(tmp_path: Path) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text("processor\t: 0\nflags\t\t: fpu avx512_bf16x avx2\n")
    for flags in (cpu_flags(file), cpu_flags(tmp_path / "nothing")):
        assert cpu_device(flags).dtypes == (Dtype.F32,)
        assert {Dtype.BF16, Dtype.F16} <= set(cpu_device(flags).other_dtypes)


def test_gpus_are_counted_by_the_drivers_files(tmp_path: Path) -> None:
    for name in ("nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm", "null"):
        (tmp_path / name).touch()
    assert count_gpus(tmp_path) == 2


def test_the_id_is_that_of_the_probe() -> None:
    assert torch_backend().id == torch_backend().probe().backend == "torch"


def test_what_is_installed_is_found() -> None:
    torch = pytest.importorskip("torch")
    found = find_installation()
    assert found.torch == torch.__version__
    assert found.cuda == (torch.version.cuda is not None)


def test_probing_and_importing_load_no_engine() -> None:
    script = (
        "import sys; from lmrt.adapters.torch import torch_backend; torch_backend().probe();"
        "print({'torch', 'transformers', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr


def test_an_engine_that_cannot_be_imported_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise errors.engine_missing(ImportError("libtorch_cpu.so: cannot open shared object file"))

    monkeypatch.setattr(deep, "find_installation", lambda: WHOLE)
    monkeypatch.setattr(engine, "transformers", fail)
    availability = deep.deep_probe().availability
    assert isinstance(availability, Unavailable)
    assert availability.reason is UnavailableReason.BROKEN
    assert "libtorch_cpu.so" in availability.message
    assert "--force-reinstall" in (availability.fix or "")


def test_a_library_of_another_architecture_is_not_imported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    library = tmp_path / "libtorch_cpu.so"
    library.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(11) + (243).to_bytes(2, "little"))
    monkeypatch.setattr(deep, "find_installation", lambda: evolve(WHOLE, library=library))
    monkeypatch.setattr(engine, "transformers", lambda: pytest.fail("it was imported"))
    availability = deep.deep_probe().availability
    assert isinstance(availability, Unavailable)
    assert availability.reason is UnavailableReason.WRONG_ARCHITECTURE


def test_without_the_packages_nothing_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deep, "find_installation", lambda: Installation(None, None, None))
    monkeypatch.setattr(engine, "transformers", lambda: pytest.fail("it was imported"))
    assert isinstance(deep.deep_probe().availability, Unavailable)
