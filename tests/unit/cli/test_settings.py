"""The configuration file and the environment."""

from pathlib import Path

import pytest

from lmrt.cli.settings import Settings, config_path, read_settings
from lmrt.domain.errors import ConfigurationError


def _settings(folder: Path, text: str, **environment: str) -> Settings:
    file = folder / "config.toml"
    file.write_text(text, encoding="utf-8")
    return read_settings({"RT_CONFIG": str(file), **environment})


def test_without_a_file_there_are_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert read_settings({}) == Settings()
    assert config_path({}).name == "config.toml"


def test_the_file_sets_every_key(tmp_path: Path) -> None:
    settings = _settings(
        tmp_path,
        'model = "a"\nmodels_dir = "~/m"\nbackend = "llama.cpp"\ndevice = "cpu"\ncontext = 2048\n'
        'kv_type = "q8_0"\ndtype = "bf16"\nmemory_budget = "2GB"\nprefer = "speed"\nstrict = true\n'
        'offline = true\n[aliases]\nmine = "org/name"\nown = ["org/a:Q8_0", "./b"]\n',
    )
    assert settings == Settings(
        model="a",
        models_dir=Path("~/m").expanduser(),
        backend="llama.cpp",
        device="cpu",
        context=2048,
        kv_type="q8_0",
        dtype="bf16",
        memory_budget=2 * 10**9,
        prefer="speed",
        strict=True,
        offline=True,
        aliases={"mine": "org/name", "own": ("org/a:Q8_0", "./b")},
    )


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    settings = _settings(
        tmp_path, 'model = "a"\nmodels_dir = "b"\n', RT_MODEL="c", RT_MODELS_DIR="d"
    )
    assert (settings.model, settings.models_dir) == ("c", Path("d"))


@pytest.mark.parametrize(("value", "offline"), [("1", True), ("true", True), ("0", False)])
def test_offline_follows_the_hub_variable(value: str, offline: bool) -> None:
    assert read_settings({"HF_HUB_OFFLINE": value}).offline is offline


def test_the_hub_variable_goes_before_the_file(tmp_path: Path) -> None:
    assert _settings(tmp_path, "offline = true").offline
    assert not _settings(tmp_path, "offline = true", HF_HUB_OFFLINE="0").offline


def test_the_command_line_goes_before_both() -> None:
    assert read_settings({"HF_HUB_OFFLINE": "0"}, offline=True).offline


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("modle = 'a'", "did you mean `model`?"),
        ("zzz = 1", "the keys are"),
        ("context = 'x'", "make it a whole number"),
        ("context = true", "make it a whole number"),
        ("strict = 1", "make it true or false"),
        ("offline = 1", "make it true or false"),
        ("[aliases]\na = 1", "make it a text, or a list of texts"),
        ("[aliases]\na = []", "make it a text, or a list of texts"),
        ("[aliases]\na = ['org/name', 1]", "make it a text, or a list of texts"),
        ("[aliases]\na = ''", "give a path"),
        ("[aliases]\na = ['https://huggingface.co/org/name']", "did you mean `org/name`?"),
        ("[aliases]\n'org/name' = 'x'", "choose a name without `/`"),
        ("model = ", "mend that line"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(tmp_path: Path, text: str, part: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        _settings(tmp_path, text)
    assert caught.value.code == "invalid-config-file"
    assert str(tmp_path / "config.toml") in caught.value.message
    assert part in str(caught.value.hint)


def test_a_file_that_is_named_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_settings({"RT_CONFIG": str(tmp_path / "none.toml")})
    assert caught.value.code == "invalid-config-file"
