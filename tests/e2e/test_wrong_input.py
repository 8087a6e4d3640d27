"""Wrong input gives one clear error with the right exit code, and never a traceback."""

import json
import subprocess
from pathlib import Path

import pytest

from lmrt.bootstrap.models import bundled_models
from tests.e2e.support import RT, environment, rt
from tests.support.tiny_models import TinyModel, write_gguf

LINES = 6


def _assert_one_error(run: "subprocess.CompletedProcess[str]", code: str, status: int) -> None:
    assert run.returncode == status, run.stderr
    assert run.stdout == ""
    assert run.stderr.startswith(f"error[{code}]: "), run.stderr
    assert run.stderr.count("error[") == 1
    assert "Traceback" not in run.stderr
    assert len(run.stderr.splitlines()) <= LINES


@pytest.mark.parametrize("group", [(), ("models",)])
def test_no_command_shows_the_commands(tmp_path: Path, group: tuple[str, ...]) -> None:
    run = rt(*group, home=tmp_path)
    assert run.returncode == 2
    assert "Commands" in run.stdout
    assert run.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ("models list >&-", 0),
        ("models list --json >&- 2>&-", 0),
        ("plan guide >&-", 0),
        ("models show nosuch --offline >&- 2>&-", 3),
    ],
)
def test_closed_streams_are_no_defect(tmp_path: Path, arguments: str, status: int) -> None:
    run = subprocess.run(
        ["/bin/sh", "-c", f"'{RT}' {arguments}"],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout, run.stderr) == (status, "", "")


def test_a_missing_file(tmp_path: Path) -> None:
    run = rt("prompt", "-m", "missing.gguf", "hi", home=tmp_path)
    _assert_one_error(run, "model-not-found", 3)


def test_a_misspelt_alias_is_suggested(tmp_path: Path) -> None:
    run = rt("prompt", "-m", "giude", "hi", home=tmp_path)
    _assert_one_error(run, "model-not-found", 3)
    assert "did you mean `guide`?" in run.stderr


def test_a_repository_that_is_not_here(tmp_path: Path) -> None:
    run = rt("prompt", "-m", "someone/something", "--offline", "hi", home=tmp_path)
    _assert_one_error(run, "not-downloaded", 5)
    assert "hf download someone/something" in run.stderr
    assert "was read as a Hub repository" in run.stderr


@pytest.mark.parametrize("share", [0.1, 0.5, 0.999])
def test_a_truncated_gguf(tmp_path: Path, share: float) -> None:
    whole = (bundled_models()["guide"] / "guide-F32.gguf").read_bytes()
    (tmp_path / "cut.gguf").write_bytes(whole[: int(len(whole) * share)])
    run = rt("prompt", "-m", "cut.gguf", "hi", home=tmp_path)
    _assert_one_error(run, "malformed-file", 6)
    assert "cut.gguf" in run.stderr


def test_a_gguf_for_which_the_engine_would_end_the_process(tmp_path: Path) -> None:
    data = write_gguf(TinyModel(vocabulary=320), tmp_path / "whole.gguf").read_bytes()
    (tmp_path / "twice.gguf").write_bytes(data.replace(b"<|user|>", b"<|eos|>\0", 1))
    run = rt("prompt", "-m", "twice.gguf", "hi", home=tmp_path)
    _assert_one_error(run, "malformed-file", 6)
    assert "the token `<|eos|>` 2 times" in run.stderr


def test_a_text_file_named_gguf(tmp_path: Path) -> None:
    (tmp_path / "text.gguf").write_text("this is no model\n" * 100)
    run = rt("prompt", "-m", "text.gguf", "hi", home=tmp_path)
    _assert_one_error(run, "malformed-file", 6)


def test_a_model_without_a_chat_template(tmp_path: Path) -> None:
    write_gguf(TinyModel(template=None), tmp_path / "base.gguf")
    run = rt("prompt", "-m", "base.gguf", "hi", home=tmp_path)
    _assert_one_error(run, "template-missing", 2)
    assert "`tiny` has no chat template" in run.stderr
    assert "continues text but does not answer" in run.stderr
    assert "--raw" in run.stderr
    run = rt("prompt", "-m", "base.gguf", "--raw", "--max-tokens", "1", "hi", home=tmp_path)
    assert run.returncode == 0, run.stderr


def test_a_chat_template_is_missed_before_anything_is_loaded(tmp_path: Path) -> None:
    base = write_gguf(TinyModel(vocabulary=320, template=None), tmp_path / "base.gguf")
    base.write_bytes(base.read_bytes().replace(b"<|user|>", b"<|eos|>\0", 1))
    run = rt("prompt", "-m", "base.gguf", "--raw", "hi", home=tmp_path)
    _assert_one_error(run, "malformed-file", 6)  # so it would be if it was loaded
    run = rt("prompt", "-m", "base.gguf", "hi", home=tmp_path)
    _assert_one_error(run, "template-missing", 2)


def test_an_empty_directory(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    run = rt("prompt", "-m", "./empty", "hi", home=tmp_path)
    _assert_one_error(run, "no-model-files", 3)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--temperature", "-1"),
        ("--temperature", "warm"),
        ("--top-p", "2"),
        ("--context", "0"),
        ("--kv-type", "f17"),
        ("--prefer", "best"),
        ("--memory-budget", "lots"),
        ("--backend", "vllm"),
        ("--no-such-option",),
        ("one", "two"),
    ],
)
def test_a_wrong_option(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    run = rt("prompt", "hi", *arguments, home=tmp_path)
    _assert_one_error(run, "invalid-option", 2)


def test_a_prompt_longer_than_the_context_names_both_numbers(tmp_path: Path) -> None:
    run = rt("prompt", home=tmp_path, stdin="word " * 10_000)
    _assert_one_error(run, "prompt-too-long", 2)
    document = json.loads(rt("prompt", "--json", home=tmp_path, stdin="word " * 10_000).stdout)
    context = document["error"]["context"]
    assert context["prompt_tokens"] > 10_000 > context["context_length"]
    for number in (context["prompt_tokens"], context["context_length"]):
        assert f"{number:,}" in run.stderr


def test_nothing_to_say(tmp_path: Path) -> None:
    _assert_one_error(rt("prompt", home=tmp_path), "empty-prompt", 2)
    _assert_one_error(rt("prompt", "  ", home=tmp_path), "empty-prompt", 2)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    run = rt("prompt", home=tmp_path, stdin=b"abc\xff")
    _assert_one_error(run, "unreadable-input", 2)


def test_a_wrong_configuration_file(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("modle = 'guide'")
    run = rt("prompt", "hi", home=tmp_path, env={"RT_CONFIG": str(config)})
    _assert_one_error(run, "invalid-config-file", 2)
    assert "did you mean `model`?" in run.stderr


def test_more_context_than_the_model_has(tmp_path: Path) -> None:
    run = rt("plan", "guide", "--context", "100000", home=tmp_path)
    assert run.returncode == 4
    assert run.stderr.startswith("error[no-executable-plan]: ")
    assert "context-exceeded" in run.stderr


def test_a_pinned_backend_that_cannot_run_is_refused(tmp_path: Path) -> None:
    gguf = Path(__file__).parents[2] / "models" / "guide" / "guide-F32.gguf"
    run = rt("prompt", "hi", "-m", str(gguf), "--backend", "torch", home=tmp_path)
    assert run.returncode == 4
    assert "format-unsupported" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        (("prompt", "hi", "-m", "missing.gguf", "--json"), 3, "model-not-found"),
        (("prompt", "hi", "--temperature", "warm", "--json"), 2, "invalid-option"),
        (("plan", "guide", "--context", "100000", "--json"), 4, "no-executable-plan"),
    ],
)
def test_json_is_printed_for_failures_too(
    tmp_path: Path, arguments: tuple[str, ...], status: int, code: str
) -> None:
    run = rt(*arguments, home=tmp_path)
    document = json.loads(run.stdout)
    assert (run.returncode, run.stderr) == (status, "")
    assert (document["kind"], document["exit_code"]) == ("error", status)
    assert document["error"]["code"] == code


def test_debugging_shows_the_traceback(tmp_path: Path) -> None:
    run = rt("prompt", "-m", "missing.gguf", "hi", home=tmp_path, env={"RT_DEBUG": "1"})
    assert run.returncode == 3
    assert "Traceback" in run.stderr
