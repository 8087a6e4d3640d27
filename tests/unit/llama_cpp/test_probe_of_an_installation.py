"""The probe follows from the installed version and the library files."""

from pathlib import Path

import pytest

from lmrt.adapters.llama_cpp import probe
from lmrt.adapters.llama_cpp.architectures import TEXT_ARCHITECTURES
from lmrt.adapters.llama_cpp.installation import Installation
from lmrt.domain.config import KvType
from lmrt.domain.machine import DeviceKind
from lmrt.domain.models import ArtifactFormat
from lmrt.domain.probes import Available, Feature, Unavailable, UnavailableReason


def installation(folder: Path, version: str = "0.3.36", *libraries: str) -> Installation:
    for library in libraries or ("libllama.so",):
        (folder / library).touch()
    return Installation(version, folder)


def trouble(found: Installation | None) -> Unavailable:
    availability = probe.probe_of(found).availability
    assert isinstance(availability, Unavailable)
    return availability


def test_no_installation() -> None:
    found = trouble(None)
    assert found.reason is UnavailableReason.NOT_INSTALLED
    assert found.fix == "pip install 'lmrt[llama-cpp]'"


@pytest.mark.parametrize("version", ["0.2.90", "0.3.35", "0.4.0", "1.0.0"])
def test_versions_that_do_not_fit(tmp_path: Path, version: str) -> None:
    found = trouble(installation(tmp_path, version))
    assert found.reason is UnavailableReason.UNSUPPORTED_VERSION
    assert version in found.message
    assert found.fix is not None


def test_a_missing_library(tmp_path: Path) -> None:
    for found in (Installation("0.3.36", tmp_path), Installation("0.3.36", None)):
        assert trouble(found).reason is UnavailableReason.BROKEN
        assert "--force-reinstall" in (trouble(found).fix or "")


def test_a_cpu_build(tmp_path: Path) -> None:
    found = probe.probe_of(installation(tmp_path))
    assert found.availability == Available("0.3.36")
    assert [(device.device, device.kind) for device in found.devices] == [("cpu", DeviceKind.CPU)]
    assert found.formats == {ArtifactFormat.GGUF}
    assert found.architectures is TEXT_ARCHITECTURES
    assert found.kv_types[0] is KvType.F16
    assert set(found.kv_types) == set(KvType) - {KvType.BF16}
    assert found.features == {Feature.FLASH_ATTENTION, Feature.LOGPROBS}
    assert (found.context_rounding, found.device_overhead) == (256, 0)


def test_a_metal_build(tmp_path: Path) -> None:
    libraries = "libllama.dylib", "libggml-metal.dylib"
    found = probe.probe_of(installation(tmp_path, "0.3.36", *libraries))
    assert [device.device for device in found.devices] == ["metal", "cpu"]
    assert Feature.PARTIAL_OFFLOAD in found.features
    assert found.device_overhead > 0


@pytest.mark.parametrize("count", [0, 2])
def test_a_cuda_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(probe, "count_cuda_devices", lambda: count)
    found = probe.probe_of(installation(tmp_path, "0.3.36", "libllama.so", "libggml-cuda.so"))
    devices = [device.device for device in found.devices]
    assert devices == [*(f"cuda:{number}" for number in range(count)), "cpu"]
    assert (Feature.PARTIAL_OFFLOAD in found.features) is bool(count)


@pytest.mark.parametrize("version", ["0.3.37", "0.3.100", "strange"])
def test_only_a_load_tells_what_a_newer_version_knows(tmp_path: Path, version: str) -> None:
    assert probe.probe_of(installation(tmp_path, version)).architectures is None
