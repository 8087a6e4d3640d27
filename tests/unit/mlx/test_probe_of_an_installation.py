"""The probe follows from the installed version, the files and the machine."""

import subprocess
import sys
from pathlib import Path

import pytest

from lmrt.adapters.mlx import mlx_backend, probe
from lmrt.adapters.mlx.installation import Installation
from lmrt.domain.config import Dtype, KvType
from lmrt.domain.models import ArtifactFormat
from lmrt.domain.probes import Available, BackendProbe, Feature, Unavailable, UnavailableReason

LINUX, APPLE, INTEL = ("Linux", "x86_64"), ("Darwin", "arm64"), ("Darwin", "x86_64")


def installation(folder: Path, version: str = "0.32.2", *, torch: bool = False) -> Installation:
    package, core = folder / "mlx_lm", folder / "mlx"
    (package / "models").mkdir(parents=True)
    (core / "lib").mkdir(parents=True)
    (core / "lib" / "libmlx.so").touch()
    (package / "models" / "llama.py").write_text("class Model(nn.Module): ...")
    (package / "models" / "cache.py").write_text("class KVCache: ...")
    (package / "utils.py").write_text('MODEL_REMAPPING = {\n    "mistral": "llama",\n}\n')
    return Installation(version, package, core, torch)


def trouble(found: Installation | None, machine: tuple[str, str] = LINUX) -> Unavailable:
    availability = probe.probe_of(found, *machine).availability
    assert isinstance(availability, Unavailable)
    return availability


def devices(found: BackendProbe) -> list[str]:
    return [device.device for device in found.devices]


def test_no_installation() -> None:
    found = trouble(None)
    assert found.reason is UnavailableReason.NOT_INSTALLED
    assert found.fix == "pip install 'lmrt[mlx]'"


@pytest.mark.parametrize("version", ["0.30.0", "0.32.1", "0.33.0", "1.0.0"])
def test_versions_that_do_not_fit(tmp_path: Path, version: str) -> None:
    found = trouble(installation(tmp_path, version))
    assert found.reason is UnavailableReason.UNSUPPORTED_VERSION
    assert version in found.message
    assert found.fix == "pip install --upgrade 'lmrt[mlx]'"


def test_an_engine_without_its_library(tmp_path: Path) -> None:
    whole = installation(tmp_path)
    (tmp_path / "mlx" / "lib" / "libmlx.so").unlink()
    for found in (whole, Installation("0.32.2", whole.package, None)):
        assert trouble(found).reason is UnavailableReason.BROKEN
        assert "libmlx" in trouble(found).message
        assert "--force-reinstall" in (trouble(found).fix or "")


def test_macs_with_intel_processors_have_no_engine(tmp_path: Path) -> None:
    for found in (None, installation(tmp_path)):
        assert trouble(found, INTEL).reason is UnavailableReason.NOT_INSTALLED
        assert trouble(found, INTEL).fix is None
    assert devices(probe.probe_of(None, *INTEL)) == []


def test_a_linux_machine(tmp_path: Path) -> None:
    found = probe.probe_of(installation(tmp_path), *LINUX)
    assert found.availability == Available("0.32.2")
    assert devices(found) == ["cpu"]
    assert found.formats == {ArtifactFormat.SAFETENSORS, ArtifactFormat.MLX}
    assert found.methods == {"mlx"}
    assert found.features == {Feature.LOGPROBS}
    assert (found.kv_follows_weights, found.rounded_kv_sequences) == (True, 1)
    assert set(found.kv_types) == set(KvType)
    assert found.devices[0].dtypes == ()
    assert set(found.devices[0].other_dtypes) == {Dtype.F32, Dtype.F16, Dtype.BF16}
    assert found.device_overhead == 0


def test_an_apple_machine(tmp_path: Path) -> None:
    found = probe.probe_of(installation(tmp_path), *APPLE)
    assert devices(found) == ["metal", "cpu"]
    assert Feature.FLASH_ATTENTION in found.features
    assert found.device_overhead > 0


def test_torch_beside_it_takes_memory(tmp_path: Path) -> None:
    alone = probe.probe_of(installation(tmp_path / "alone"), *LINUX)
    beside = probe.probe_of(installation(tmp_path / "beside", torch=True), *LINUX)
    assert beside.overhead > 2 * alone.overhead


def test_architectures_are_the_models_and_their_other_names(tmp_path: Path) -> None:
    found = probe.probe_of(installation(tmp_path), *LINUX)
    assert found.architectures == frozenset({"llama", "mistral"})


@pytest.mark.parametrize("broken", ["MODEL_REMAPPING = {\n  'mistral': f(),\n}\n", None])
def test_only_a_load_tells_where_the_files_cannot_be_read(
    tmp_path: Path, broken: str | None
) -> None:
    found = installation(tmp_path)
    utils = found.package / "utils.py"
    utils.unlink() if broken is None else utils.write_text(broken)
    assert probe.probe_of(found, *LINUX).architectures is None


def test_its_name_is_the_one_of_its_probe() -> None:
    assert mlx_backend().id == mlx_backend().probe().backend == "mlx"


def test_probing_imports_no_engine() -> None:
    script = (
        "import sys; from lmrt.adapters.mlx import mlx_backend; mlx_backend().probe();"
        "print({'mlx', 'mlx_lm', 'torch', 'transformers', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr
