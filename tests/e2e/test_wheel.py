"""The bundled model is found from an installed wheel as from a checkout."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.e2e.support import environment

ROOT = Path(__file__).parents[2]
PROGRAM = """
import json
from lmrt import RuntimeClient, RuntimeConfig
import lmrt
with RuntimeClient() as client:
    config = RuntimeConfig("guide")
    answer = client.prompt("how do I list my models?", runtime_config=config)
    print(json.dumps([lmrt.__file__, client.resolve("guide").location, answer.text]))
"""


def test_the_wheel_carries_the_model_and_finds_it(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input"]
    subprocess.run(
        [*pip, "wheel", str(ROOT), "--no-deps", "--no-build-isolation", "-w", str(tmp_path)],
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(site)
    assert "lmrt/py.typed" in names
    data = sorted((ROOT / "lmrt" / "adapters" / "catalogue" / "data").glob("*.toml"))
    assert data
    assert {path.relative_to(ROOT).as_posix() for path in data} <= set(names)
    assert not [name for name in names if name.startswith(("tests/", "guide/", "benchmarks/"))]
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=tmp_path,
        env=environment(tmp_path, PYTHONPATH=str(site)),
        capture_output=True,
        text=True,
        check=True,
    )
    file, location, text = json.loads(run.stdout)
    assert Path(file).is_relative_to(site)
    assert Path(location).is_relative_to(site)
    assert "rt models list" in text
