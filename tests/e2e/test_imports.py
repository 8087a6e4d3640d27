"""What is not loaded costs nothing: `import lmrt` and `rt --help` stay light."""

import subprocess
import sys

import lmrt

HEAVY = {
    "cattrs",
    "huggingface_hub",
    "jinja2",
    "llama_cpp",
    "llguidance",
    "mlx",
    "mlx_lm",
    "numpy",
    "psutil",
    "pynvml",
    "tokenizers",
    "torch",
    "transformers",
}
LIGHT = HEAVY | {"attr", "attrs", "rich", "typer"}


def _loaded_by(program: str) -> set[str]:
    run = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys; print(*sys.modules, file=sys.stderr)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.partition(".")[0] for name in run.stderr.split()}


def test_importing_the_package_loads_no_other_package() -> None:
    loaded = _loaded_by("import lmrt")
    assert "lmrt" in loaded
    assert not loaded & LIGHT


def test_help_loads_no_engine_and_nothing_heavy() -> None:
    program = (
        "import sys; sys.argv = ['rt', '--help']\n"
        "from lmrt.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass"
    )
    loaded = _loaded_by(program)
    assert "typer" in loaded
    assert not loaded & HEAVY


def test_planning_loads_no_engine() -> None:
    program = (
        "from lmrt import RuntimeClient, RuntimeConfig\n"
        "assert RuntimeClient().plan(RuntimeConfig('guide')).backend == 'llama.cpp'"
    )
    assert not _loaded_by(program) & {"llama_cpp", "torch", "mlx", "mlx_lm", "transformers"}


def test_the_public_names_are_pinned_and_all_there() -> None:
    for name in lmrt.__all__:
        assert getattr(lmrt, name) is not None
    assert set(dir(lmrt)) == set(lmrt.__all__)
    assert sorted(lmrt.__all__) == sorted(set(lmrt.__all__))
    assert "RuntimeClient" in lmrt.__all__
