"""`rt models show`, `pull` and `path` on models that lie on this machine."""

import json
from pathlib import Path

from lmrt.bootstrap.models import bundled_models
from tests.e2e.support import rt
from tests.support.tiny_models import TinyModel, write_gguf, write_hf

GUIDE = bundled_models()["guide"]


def test_show_tells_every_reading_and_every_artifact(tmp_path: Path) -> None:
    (tmp_path / "guide").mkdir()
    run = rt("models", "show", "guide", home=tmp_path)
    assert run.returncode == 0, run.stderr
    lines = run.stdout.splitlines()
    assert lines[:4] == [
        "read as",
        f"  path        `{tmp_path / 'guide'}` holds no model",
        "  models-dir  there is no `models/guide`",
        f"  alias       found, {GUIDE}",
    ]
    assert "parameters    1.83M" in lines
    assert "licence       apache-2.0" in lines
    rows = [line.split() for line in lines if str(GUIDE) in line and "MiB" in line]
    assert [(row[0], row[1], row[2], row[5]) for row in rows] == [
        ("guide-F32.gguf", "GGUF", "F32", "here"),
        ("SAFETENSORS", "SAFETENSORS", "F16", "here"),
    ]


def test_a_later_reading_is_not_tried(tmp_path: Path) -> None:
    write_gguf(TinyModel(), tmp_path / "guide")
    run = rt("models", "show", "guide", "--json", home=tmp_path)
    document = json.loads(run.stdout)
    assert document["kind"] == "model"
    assert [one["outcome"]["type"] for one in document["readings"]] == [
        "found",
        "not-tried",
        "not-tried",
    ]
    assert document["model"]["resolved_as"] == "path"
    assert all(artifact["here"] for artifact in document["model"]["artifacts"])


def test_an_alias_of_the_user_is_followed_in_sight(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[aliases]\nmine = 'guide'\n")
    run = rt("models", "show", "mine", home=tmp_path, env={"RT_CONFIG": str(config)})
    assert "  alias       your own, stands for `guide`" in run.stdout
    assert f"  alias       found, {GUIDE}" in run.stdout


def test_path_prints_what_a_prompt_would_run_and_nothing_else(tmp_path: Path) -> None:
    run = rt("models", "path", "guide", "--backend", "llama.cpp", home=tmp_path)
    assert (run.stdout, run.stderr) == (f"{GUIDE / 'guide-F32.gguf'}\n", "")


def test_the_path_of_a_directory_is_the_folder(tmp_path: Path) -> None:
    folder = write_hf(TinyModel(), tmp_path / "tiny")
    run = rt("models", "path", "./tiny", home=tmp_path)
    assert run.stdout == f"{folder}\n"


def test_a_pull_of_what_is_here_says_so_and_prints_the_place(tmp_path: Path) -> None:
    run = rt("models", "pull", "guide", "--backend", "llama.cpp", home=tmp_path)
    assert run.stdout == f"{GUIDE / 'guide-F32.gguf'}\n"
    first, second = run.stderr.splitlines()
    assert first.startswith("chosen `guide-F32.gguf` (GGUF, F32, 7.12 MiB) for llama.cpp: ")
    assert second == "`guide-F32.gguf` is on this machine already"
    quiet = rt("models", "pull", "guide", "--backend", "llama.cpp", "--quiet", home=tmp_path)
    assert (quiet.stdout, quiet.stderr) == (run.stdout, "")


def test_a_variant_is_named_and_all_are_every_one(tmp_path: Path) -> None:
    run = rt("models", "pull", "guide", "--variant", "f16", "--quiet", home=tmp_path)
    assert run.stdout == f"{GUIDE}\n"
    run = rt("models", "pull", "guide", "--all", "--json", home=tmp_path)
    pulled = json.loads(run.stdout)["artifacts"]
    assert [one["path"] for one in pulled] == [str(GUIDE / "guide-F32.gguf"), str(GUIDE)]


def test_what_leads_nowhere_tells_where_it_was_looked_for(tmp_path: Path) -> None:
    for command in ("show", "pull", "path"):
        run = rt("models", command, "giude", home=tmp_path)
        assert (run.returncode, run.stdout) == (3, "")
        assert run.stderr.startswith("error[model-not-found]: no model `giude`")
        assert "models-dir: there is no `models/giude`" in run.stderr
        assert "did you mean `guide`?" in run.stderr


def test_offline_a_repository_is_not_asked_for(tmp_path: Path) -> None:
    for command in ("show", "pull", "path"):
        run = rt("models", command, "org/name", "--offline", home=tmp_path)
        assert (run.returncode, run.stdout) == (5, "")
        assert run.stderr.startswith("error[not-downloaded]: ")


def test_wrong_options(tmp_path: Path) -> None:
    run = rt("models", "pull", "guide", "--variant", "q9", home=tmp_path)
    assert run.returncode == 2
    assert "one of `guide-F32.gguf`, `SAFETENSORS`" in run.stderr
    run = rt("models", "pull", "guide", "--variant", "F32", "--all", home=tmp_path)
    assert run.returncode == 2
    assert run.stderr.startswith("error[invalid-option]: ")
