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
    assert "7b*" in line
    assert "0.5b," in line
    assert "Qwen Research License" in line


def test_a_word_gives_a_line_for_each_name_with_its_repositories() -> None:
    shown = run("GPT-OSS")
    assert shown.exit_code == 0
    for text in ("gpt-oss:20b", "gpt-oss:120b", "3.6B active", "131,072", "openai/gpt-oss-20b"):
        assert text in shown.stdout
    assert "llama" not in shown.stdout.lower()


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
