"""Where other tools keep their models, as the environment says; `settings.py` hands it in."""

import sys
from collections.abc import Mapping
from pathlib import Path

from lmrt.domain.stores import StorePlaces

_OLLAMA_SERVICE = Path("/usr/share/ollama/.ollama/models")
"""The home of the user that Ollama's installer makes for its system service on Linux."""


def store_places(environment: Mapping[str, str], platform: str = sys.platform) -> StorePlaces:
    """Return where the stores are or would be.

    Ollama reads `OLLAMA_MODELS` (https://docs.ollama.com/faq), llama.cpp `LLAMA_CACHE`
    (`fs_get_cache_directory` of its `common/common.cpp`).
    """
    from platformdirs import user_cache_path

    home = Path(environment["HOME"]) if environment.get("HOME") else Path.home()
    ollama = environment.get("OLLAMA_MODELS", "").strip("\"' ")
    own = Path(ollama).expanduser() if ollama else home / ".ollama" / "models"
    service = (_OLLAMA_SERVICE,) if platform.startswith("linux") else ()
    return StorePlaces(
        home=home,
        ollama=(own, *service),
        llama_cpp=_llama_cpp(environment, home, platform),
        cache=user_cache_path("lmrt", appauthor=False),
    )


def _llama_cpp(environment: Mapping[str, str], home: Path, platform: str) -> Path:
    if cache := environment.get("LLAMA_CACHE"):
        return Path(cache).expanduser()
    if platform == "darwin":
        return home / "Library" / "Caches" / "llama.cpp"
    if platform == "win32":
        return Path(environment.get("LOCALAPPDATA", home / "AppData" / "Local")) / "llama.cpp"
    return Path(environment.get("XDG_CACHE_HOME") or home / ".cache") / "llama.cpp"
