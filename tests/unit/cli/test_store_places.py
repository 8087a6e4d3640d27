"""Where other tools keep their models, by the environment and the system."""

from pathlib import Path

import pytest

from lmrt.cli.store_places import store_places

HOME = Path("/home/me")


def test_by_default_stores_are_in_the_home_folder() -> None:
    places = store_places({"HOME": str(HOME)}, "linux")
    assert places.home == HOME
    assert places.ollama == (
        HOME / ".ollama" / "models",
        Path("/usr/share/ollama/.ollama/models"),
    )
    assert places.llama_cpp == HOME / ".cache" / "llama.cpp"
    assert places.cache is not None
    assert places.cache.name == "lmrt"


@pytest.mark.parametrize("quoted", ["/big/ollama", '"/big/ollama"', " '/big/ollama' "])
def test_ollama_is_where_its_variable_says(quoted: str) -> None:
    places = store_places({"HOME": str(HOME), "OLLAMA_MODELS": quoted}, "darwin")
    assert places.ollama == (Path("/big/ollama"),)


@pytest.mark.parametrize(
    ("environment", "platform", "folder"),
    [
        ({"LLAMA_CACHE": "/big/llama"}, "linux", Path("/big/llama")),
        ({"XDG_CACHE_HOME": "/big"}, "linux", Path("/big/llama.cpp")),
        ({"XDG_CACHE_HOME": "/big"}, "darwin", HOME / "Library" / "Caches" / "llama.cpp"),
        ({"LOCALAPPDATA": "/local"}, "win32", Path("/local/llama.cpp")),
    ],
)
def test_llama_cpp_is_where_it_looks_itself(
    environment: dict[str, str], platform: str, folder: Path
) -> None:
    assert store_places({"HOME": str(HOME), **environment}, platform).llama_cpp == folder
