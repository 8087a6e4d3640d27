"""Nothing that comes with a model is executed, and what is refused says what to do."""

import json
import shutil
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from lmrt.bootstrap.models import bundled_models
from tests.e2e.support import rt

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")


class Trap:
    """What a pickle makes of it runs a command: it writes a file."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return (Path.write_text, (self.place, "executed"))


def pickled(folder: Path, **more: object) -> Path:
    """Write the bundled model with pickled weights, and return the folder."""
    source = bundled_models()["guide"]
    ignored = shutil.ignore_patterns("*.safetensors", "*.gguf")
    shutil.copytree(source, folder, ignore=ignored)
    weights = load_file(source / "model.safetensors")
    state = {name: torch.from_numpy(values) for name, values in weights.items()}
    torch.save({**state, **more}, folder / "pytorch_model.bin")
    return folder


QUESTION = ("what is lmrt?", "--backend", "torch", "--max-tokens", "8", "--quiet")


def test_pickle_weights_need_an_opt_in_and_run_with_it(tmp_path: Path) -> None:
    pickled(tmp_path / "model")
    refused = rt("prompt", "-m", "./model", *QUESTION, home=tmp_path)
    assert refused.returncode == 4
    assert "unsafe-format: `pytorch_model.bin` is a pickle file" in refused.stderr
    assert "hint: take the model's safetensors or GGUF files" in refused.stderr
    assert "`--allow-unsafe-weights`" in refused.stderr
    allowed = rt(
        "prompt", "-m", "./model", *QUESTION, "--allow-unsafe-weights", home=tmp_path, timeout=120
    )
    assert allowed.returncode == 0, allowed.stderr
    usual = rt("prompt", "-m", "guide", *QUESTION, home=tmp_path, timeout=120)
    assert allowed.stdout == usual.stdout


def test_a_pickle_that_would_execute_something_is_refused_even_then(tmp_path: Path) -> None:
    mark = tmp_path / "executed"
    pickled(tmp_path / "model", trap=Trap(mark))
    run = rt(
        "prompt", "-m", "./model", *QUESTION, "--allow-unsafe-weights", home=tmp_path, timeout=120
    )
    assert not mark.exists()
    assert run.returncode == 6
    assert "holds more than tensors" in run.stderr
    assert "hint: do not trust this file" in run.stderr
    torch.load(tmp_path / "model" / "pytorch_model.bin", weights_only=False)
    assert mark.exists(), "the trap does not work"


@pytest.mark.parametrize("name", ["red\x1b[31m.gguf", "two\nlines.gguf", "bell\a.gguf"])
def test_a_file_s_name_cannot_drive_the_terminal(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    shutil.copy(bundled_models()["guide"] / "guide-F32.gguf", folder / name)
    for arguments in (("plan", "./models"), ("models", "show", "./models"), ("models", "list")):
        run = rt(*arguments, home=tmp_path)
        assert run.returncode == 0, run.stderr
        assert name.partition(".")[0][:3] in run.stdout
        shown = (run.stdout + run.stderr).replace("\n", "")
        assert shown.isprintable(), shown
    run = rt("plan", f"./models/{name}", home=tmp_path)
    assert run.returncode == 2
    assert run.stderr.replace("\n", "").isprintable()


def test_pickles_of_other_names_are_told_apart(tmp_path: Path) -> None:
    folder = pickled(tmp_path / "model")
    (folder / "pytorch_model.bin").rename(folder / "model.ckpt")
    run = rt(
        "prompt", "-m", "./model", *QUESTION, "--allow-unsafe-weights", home=tmp_path, timeout=120
    )
    assert run.returncode == 6
    assert "pickles named `pytorch_model.bin`, not `model.ckpt`" in run.stderr


def remote_code(folder: Path, **config: object) -> Path:
    """Write the bundled model with a file of Python code that its configuration names."""
    shutil.copytree(bundled_models()["guide"], folder, ignore=shutil.ignore_patterns("*.gguf"))
    (folder / "modeling_own.py").write_text("raise SystemExit('executed')\n", "utf-8")
    path = folder / "config.json"
    known = json.loads(path.read_text("utf-8"))
    mapped = {"auto_map": {"AutoModelForCausalLM": "modeling_own.OwnModel"}}
    path.write_text(json.dumps({**known, **mapped, **config}), "utf-8")
    return folder


def test_a_model_that_needs_its_own_code_is_refused(tmp_path: Path) -> None:
    remote_code(tmp_path / "model", model_type="own")
    run = rt("plan", "./model", home=tmp_path)
    assert run.returncode == 4
    assert "remote-code-required: would execute the model's own Python code" in run.stderr
    assert "`modeling_own.py`" in run.stderr
    assert "no backend runs a model's own code" in run.stderr


def test_code_that_is_not_needed_is_not_run(tmp_path: Path) -> None:
    remote_code(tmp_path / "model")
    run = rt("prompt", "-m", "./model", *QUESTION, home=tmp_path, timeout=120)
    assert run.returncode == 0, run.stderr
    usual = rt("prompt", "-m", "guide", *QUESTION, home=tmp_path, timeout=120)
    assert run.stdout == usual.stdout
