"""`rt models catalogue` shows the catalogue as a table and as a document."""

import json

from typer.testing import CliRunner, Result

from lmrt.adapters.catalogue import read_catalogue
from lmrt.cli.main import app

CATALOGUE = read_catalogue()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["models", "catalogue", *arguments])


def test_without_a_word_every_family_has_a_line_with_its_default_size() -> None:
    shown = run()
    assert shown.exit_code == 0
    starts = [line.split()[0] for line in shown.stdout.splitlines() if line.strip()]
    for entry in CATALOGUE.entries:
        assert starts.count(entry.family) == 1
    (line,) = (line for line in shown.stdout.splitlines() if line.startswith("qwen2.5 "))
    assert "  qwen2.5:7b  " in line
    assert "Qwen Research License" in line
    assert line.endswith("  0.5b 1.5b 3b 7b 14b 32b 72b")


def test_a_word_gives_a_line_for_each_name_with_its_forms() -> None:
    shown = run("GPT-OSS")
    assert shown.exit_code == 0
    _, small, large = shown.stdout.splitlines()
    for text in ("gpt-oss:20b   20.9B, 3.6B active  131,072", "MLX 4-bit, MLX 8-bit, original"):
        assert text in small
    assert small.endswith("  gpt-oss")
    assert large.startswith("gpt-oss:120b  ")


def test_gated_models_are_marked() -> None:
    assert "Gemma Terms of Use (gated)" in run("gemma3").stdout


def test_the_document_has_everything() -> None:
    document = json.loads(run("--json").stdout)
    assert (document["version"], document["kind"]) == (1, "catalogue")
    assert [model["alias"] for model in document["models"]] == [
        entry.alias for entry in CATALOGUE.entries
    ]
    (small,) = (model for model in document["models"] if model["alias"] == "qwen3:0.6b")
    assert small["modalities"] == ["text"]
    assert small["variants"][1] == {
        "format": "MLX",
        "repository": "mlx-community/Qwen3-0.6B-4bit",
        "quantization": "4-bit",
    }


def test_what_matches_nothing_is_an_error_with_a_suggestion() -> None:
    shown = run("quen3", "--json")
    assert shown.exit_code == 3
    error = json.loads(shown.stdout)["error"]
    assert error["code"] == "model-not-found"
    assert "`qwen3`" in error["hint"]


def test_parameters_are_rounded_into_the_next_unit() -> None:
    lines = run("gemma3:1b").stdout.splitlines()
    assert lines[1].startswith("gemma3:1b  1B ")
