"""`rt parity` as a user runs it."""

import json
import signal
import subprocess
from pathlib import Path

import pytest

from tests.e2e.support import RT, environment, rt
from tests.support.hf_models import write_family
from tests.support.hf_to_gguf import convert
from tests.support.tiny_models import TinyModel, write_gguf

for name in ("llama_cpp", "mlx_lm", "torch", "transformers"):
    pytest.importorskip(name, reason=f"{name} is not installed")

PROMPTS = "how do I list my models?\nwhat is a KV cache?\n"


def test_the_bundled_model_agrees_with_itself(tmp_path: Path) -> None:
    run = rt("parity", "-n", "24", "--prompts", "-", home=tmp_path, stdin=PROMPTS, timeout=120)
    assert run.returncode == 0, run.stderr
    lines = run.stdout.splitlines()
    assert lines[0].split()[:2] == ["backend", "artifact"]
    assert [line.split()[0] for line in lines[1:4]] == ["llama.cpp", "mlx", "torch"]
    assert sum("agree" in line for line in lines) == 3
    assert not any("disagree" in line for line in lines)
    assert "\r" not in run.stderr  # no progress where stderr is no terminal


def test_the_document(tmp_path: Path) -> None:
    (tmp_path / "prompts.txt").write_text(PROMPTS)
    run = rt(
        "parity", "guide", "--backends", "mlx,llama.cpp", "--prompts", "prompts.txt", "-n", "8",
        "--json", home=tmp_path, timeout=120,
    )  # fmt: skip
    assert (run.returncode, run.stderr) == (0, "")
    document = json.loads(run.stdout)
    assert (document["kind"], document["verdict"]) == ("parity", {"type": "agree"})
    assert document["prompts"] == PROMPTS.splitlines()
    assert [found["backend"] for found in document["backends"]] == ["mlx", "llama.cpp"]
    assert all(found["decode_rate"] > 0 for found in document["backends"])


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose GGUF has another base of RoPE than its config.json."""
    folder = write_family("llama", tmp_path_factory.mktemp("wrong") / "llama")
    convert(folder, folder / "model.gguf", rope_base=10000.0)
    return folder


def test_a_disagreement_exits_with_8(wrong: Path) -> None:
    run = rt("parity", ".", "--backends", "llama.cpp,mlx", "-n", "8", home=wrong, timeout=120)
    assert run.returncode == 8
    assert "disagree: logits" in run.stdout
    first, *rest = run.stderr.splitlines()
    assert first.startswith("error[backends-disagree]: `llama.cpp` and `mlx` disagree about ")
    assert "RoPE" in rest[-1]
    assert "Traceback" not in run.stderr


def test_a_disagreement_is_one_document_too(wrong: Path) -> None:
    run = rt(
        "parity", ".", "--backends", "llama.cpp,mlx", "-n", "8", "--json", home=wrong, timeout=120
    )
    assert (run.returncode, run.stderr) == (8, "")
    verdict = json.loads(run.stdout)["verdict"]
    assert (verdict["type"], verdict["stage"]) == ("disagree", "logits")


def test_ctrl_c_leaves_at_once(wrong: Path) -> None:
    with subprocess.Popen(
        [RT, "parity", ".", "-n", "900"],
        cwd=wrong,
        env=environment(wrong),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=_listen_to_ctrl_c,  # noqa: PLW1509 - the tests run on one thread here
    ) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(3)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (130, b"", b"interrupted\n")


def _listen_to_ctrl_c() -> None:
    """Undo what a background job inherits: a shell has it ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_a_gguf_alone_has_nothing_to_be_compared_with(tmp_path: Path) -> None:
    write_gguf(TinyModel(), tmp_path / "tiny.gguf")
    run = rt("parity", "tiny.gguf", home=tmp_path)
    assert (run.returncode, run.stdout) == (4, "")
    assert run.stderr.startswith("error[parity-needs-two]: only `llama.cpp` can run `tiny.gguf` ")
    assert "format-unsupported: reads no GGUF" in run.stderr
    assert "one folder" in run.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    "arguments",
    [("--backends", "torch"), ("--backends", "torch,vllm"), ("-n", "0"), ("--kv-type", "f17")],
)
def test_a_wrong_option(tmp_path: Path, arguments: tuple[str, str]) -> None:
    run = rt("parity", "guide", *arguments, home=tmp_path)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith("error[invalid-option]: ")


def test_prompts_that_are_not_there(tmp_path: Path) -> None:
    run = rt("parity", "guide", "--prompts", "none.txt", home=tmp_path)
    assert run.returncode == 2
    assert run.stderr.startswith("error[unreadable-input]: ")
