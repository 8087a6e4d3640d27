"""`rt prompt` on the bundled model, as a user runs it."""

import json
from pathlib import Path

from tests.e2e.support import rt

QUESTION = "how do I list my models?"


def test_an_argument_is_answered_on_stdout_and_the_model_is_named_on_stderr(tmp_path: Path) -> None:
    run = rt("prompt", QUESTION, home=tmp_path)
    assert run.returncode == 0
    assert "rt models list" in run.stdout
    assert run.stdout.endswith("\n")
    assert run.stderr.count("bundled model `guide`") == 1
    assert "--model" in run.stderr


def test_quiet_prints_the_answer_alone(tmp_path: Path) -> None:
    loud = rt("prompt", QUESTION, home=tmp_path)
    run = rt("prompt", "--quiet", home=tmp_path, stdin=QUESTION + "\n")
    assert (run.returncode, run.stdout, run.stderr) == (0, loud.stdout, "")


def test_argument_and_pipe_are_joined_by_a_blank_line(tmp_path: Path) -> None:
    both = rt("prompt", "--json", "list", home=tmp_path, stdin="my models")
    joined = rt("prompt", "--json", "list\n\nmy models", home=tmp_path)
    first, second = json.loads(both.stdout), json.loads(joined.stdout)
    assert first["usage"]["prompt_tokens"] == second["usage"]["prompt_tokens"]
    assert first["text"] == second["text"]


def test_json_is_one_document_that_says_what_ran(tmp_path: Path) -> None:
    run = rt("prompt", QUESTION, "--json", home=tmp_path)
    document = json.loads(run.stdout)
    assert run.stderr == ""
    assert document["version"] == 1
    assert document["finish_reason"] == "stop"
    assert document["usage"]["completion_tokens"] > 0
    assert document["plan"]["backend"] == "llama.cpp"


def test_stats_and_explain_go_to_stderr(tmp_path: Path) -> None:
    run = rt("prompt", QUESTION, "--stats", "--explain", "-q", home=tmp_path)
    assert "rt models list" in run.stdout
    assert "tokens/s" in run.stderr
    assert "chosen   guide-F32.gguf" in run.stderr
    assert "chosen" not in run.stdout


def test_a_seed_reproduces_a_sampled_answer(tmp_path: Path) -> None:
    options = ("-t", "1.5", "--top-k", "0", "--top-p", "1", "--min-p", "0", "-n", "30", "-q")
    first = rt("prompt", QUESTION, *options, "--seed", "7", home=tmp_path)
    again = rt("prompt", QUESTION, *options, "--seed", "7", home=tmp_path)
    other = rt("prompt", QUESTION, *options, "--seed", "8", home=tmp_path)
    assert first.stdout == again.stdout
    assert first.stdout != other.stdout


def test_max_tokens_and_stop_end_the_answer(tmp_path: Path) -> None:
    short = json.loads(rt("prompt", QUESTION, "-n", "3", "--json", home=tmp_path).stdout)
    assert short["finish_reason"] == "length"
    assert short["usage"]["completion_tokens"] == 3
    stopped = rt("prompt", QUESTION, "--stop", "models", "-q", home=tmp_path)
    assert "models" not in stopped.stdout
    assert stopped.stdout.strip()


def test_raw_text_goes_in_without_a_template(tmp_path: Path) -> None:
    raw = json.loads(rt("prompt", "--raw", "hello", "-n", "2", "--json", home=tmp_path).stdout)
    full = json.loads(rt("prompt", "hello", "-n", "2", "--json", home=tmp_path).stdout)
    assert 0 < raw["usage"]["prompt_tokens"] < full["usage"]["prompt_tokens"]


def test_the_environment_and_the_configuration_file_set_the_model(tmp_path: Path) -> None:
    missing = rt("prompt", "hi", home=tmp_path, env={"RT_MODEL": "nowhere.gguf"})
    assert missing.returncode == 3
    config = tmp_path / "config.toml"
    config.write_text('model = "mine"\n[aliases]\nmine = "guide"\n')
    run = rt("prompt", QUESTION, home=tmp_path, env={"RT_CONFIG": str(config)})
    assert run.returncode == 0
    assert "bundled" not in run.stderr
