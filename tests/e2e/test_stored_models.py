"""`rt models list`, `verify` and `remove` over the stores of several tools in one home folder."""

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest

from lmrt.bootstrap.models import bundled_models
from tests.e2e.support import RT, environment, rt
from tests.support import stores
from tests.support.tiny_models import TinyModel, write_gguf

END_OF_INPUT = b"\x04"
GUIDE = bundled_models()["guide"] / "guide-F32.gguf"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder with one GGUF in the stores of four tools, and another in `models`."""
    data = GUIDE.read_bytes()
    stores.hugging_face(
        tmp_path / ".cache" / "huggingface" / "hub", "org/guide-GGUF", {"guide-F32.gguf": data}
    )
    ollama = tmp_path / ".ollama" / "models"
    stores.ollama(ollama, "guide", [stores.ollama_blob(ollama, data, stores.MODEL_LAYER)])
    stores.llama_cpp(tmp_path / ".cache" / "llama.cpp", "org/guide", {"guide-F32.gguf": data})
    studio = tmp_path / ".lmstudio" / "models" / "org" / "guide" / "guide-F32.gguf"
    studio.parent.mkdir(parents=True)
    studio.write_bytes(data)
    write_gguf(TinyModel(), tmp_path / "models" / "mine" / "tiny.gguf")
    return tmp_path


def _at_a_terminal(
    answer: bytes, *arguments: str, home: Path
) -> "subprocess.CompletedProcess[str]":
    """Run `rt` with a terminal as its standard input, on which something is typed."""
    ours, theirs = pty.openpty()
    os.write(ours, answer)
    try:
        return subprocess.run(
            [RT, *arguments],
            cwd=home,
            env=environment(home),
            stdin=theirs,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(theirs)


def test_every_store_is_listed_and_what_is_twice_is_told(home: Path) -> None:
    (home / "models" / "cut.gguf").write_bytes(GUIDE.read_bytes()[:1000])
    run = rt("models", "list", home=home)
    assert run.returncode == 0
    ids = [line.split()[0] for line in run.stdout.splitlines()[1:] if "MiB" in line.split()[4:5]]
    assert ids == [
        "bundled:guide/guide-F32.gguf",
        "bundled:guide/model.safetensors",
        "huggingface:org/guide-GGUF",
        "ollama:guide:latest",
        "lm-studio:org/guide",
        "llama.cpp:org_guide_guide-F32.gguf",
    ]
    assert "duplicate: `bundled:guide/guide-F32.gguf` = " in run.stdout
    assert "28.50 MiB wasted" in run.stdout
    assert run.stderr.startswith("finding[malformed] in models-dir: ")
    assert str(home / "models" / "cut.gguf") in run.stderr


def test_what_is_listed_can_be_run_as_it_is_told(home: Path) -> None:
    document = json.loads(rt("models", "list", "--json", home=home).stdout)
    assert document["kind"] == "stored-models"
    references = {model["id"]: model["reference"] for model in document["models"]}
    for id in ("ollama:guide:latest", "lm-studio:org/guide", "models-dir:mine"):  # noqa: A001
        run = rt("models", "show", references[id], "--json", home=home)
        assert json.loads(run.stdout)["model"]["artifacts"], id


def test_a_sound_model_is_verified_and_a_damaged_one_is_told(home: Path) -> None:
    run = rt("models", "verify", "org/guide-GGUF", home=home)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.endswith("bytes have the recorded hash\n")
    blobs = home / ".cache" / "huggingface" / "hub" / "models--org--guide-GGUF" / "blobs"
    [blob] = blobs.iterdir()
    data = bytearray(blob.read_bytes())
    data[-1] ^= 1
    blob.write_bytes(data)
    run = rt("models", "verify", "org/guide-GGUF", home=home)
    assert run.returncode == 5
    assert run.stdout.startswith("wrong-hash: ")
    assert run.stderr.startswith("error[verification-failed]: `huggingface:org/guide-GGUF`")
    run = rt("models", "verify", "org/guide-GGUF", "--json", home=home)
    assert run.returncode == 5
    assert json.loads(run.stdout)["sound"] is False


def test_a_path_names_a_stored_model_too(home: Path) -> None:
    run = rt("models", "verify", "./models/mine/tiny.gguf", "--json", home=home)
    assert json.loads(run.stdout)["model"] == "models-dir:mine"


def test_nothing_is_removed_without_consent(home: Path) -> None:
    for arguments in ((), ("--json",)):
        run = rt("models", "remove", "mine", *arguments, home=home)
        assert run.returncode == 2
        assert "confirmation-needed" in run.stdout + run.stderr
    run = _at_a_terminal(b"n\n", "models", "remove", "mine", home=home)
    assert run.returncode == 0
    assert "nothing was removed" in run.stderr
    run = _at_a_terminal(END_OF_INPUT, "models", "remove", "mine", home=home)
    assert run.returncode == 130
    assert run.stderr.endswith("nothing was removed\n")
    assert (home / "models" / "mine" / "tiny.gguf").is_file()


def test_a_yes_at_the_terminal_removes_after_telling_what_goes(home: Path) -> None:
    run = _at_a_terminal(b"y\n", "models", "remove", "mine", home=home)
    assert run.returncode == 0, run.stderr
    assert str(home / "models" / "mine" / "tiny.gguf") in run.stderr
    assert run.stderr.index("frees ") < run.stderr.index("remove it?") < run.stderr.index("freed")
    assert not (home / "models" / "mine").exists()


def test_the_store_of_another_tool_needs_force(home: Path) -> None:
    run = rt("models", "remove", "ollama:guide:latest", "--yes", home=home)
    assert run.returncode == 2
    assert run.stderr.startswith("error[foreign-store]: ")
    run = rt("models", "remove", "ollama:guide:latest", "--yes", "--force", "--json", home=home)
    assert run.returncode == 0, run.stdout
    document = json.loads(run.stdout)
    assert (document["kind"], document["done"]) == ("removal", True)
    assert not any((home / ".ollama" / "models" / "manifests").rglob("latest"))


def test_the_bundled_model_is_never_removed(home: Path) -> None:
    run = rt("models", "remove", str(GUIDE), "--yes", "--force", home=home)
    assert run.returncode == 2
    assert run.stderr.startswith("error[bundled-model]: ")
    assert GUIDE.is_file()


def test_what_is_not_stored_is_told(home: Path) -> None:
    for command in ("verify", "remove"):
        run = rt("models", command, "mien", home=home)
        assert run.returncode == 3
        assert run.stderr.startswith("error[model-not-found]: ")
        assert "did you mean" in run.stderr
