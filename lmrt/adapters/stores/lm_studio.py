"""Where LM Studio keeps its models.

Its home is what `~/.lmstudio-home-pointer` names, else `~/.cache/lm-studio` where that is there
(older versions), else `~/.lmstudio`; its models are in `models`, or in the folder that
`downloadsFolder` of its `settings.json` names, as `PUBLISHER/MODEL/FILE.gguf` or as
`PUBLISHER/MODEL/` with the files of an MLX model
(https://lmstudio.ai/docs/basics/import-model, `findLMStudioHome` of the CLI `lms`).
"""

import json
from pathlib import Path

_POINTER = ".lmstudio-home-pointer"
_OLD_HOME = (".cache", "lm-studio")
_HOME = ".lmstudio"


def lm_studio_roots(home: Path) -> tuple[Path, ...]:
    """Return the folders that hold LM Studio's models, there or not.

    Args:
        home: The user's home folder.
    """
    homes = (_pointed_at(home), home.joinpath(*_OLD_HOME), home / _HOME)
    roots = [root for place in homes if place is not None for root in _roots(place)]
    return tuple(dict.fromkeys(roots))


def _pointed_at(home: Path) -> Path | None:
    text = _text(home / _POINTER).strip()
    return Path(text).expanduser() if text.startswith(("/", "~")) else None


def _roots(place: Path) -> tuple[Path, ...]:
    try:
        settings = json.loads(_text(place / "settings.json") or "{}")
    except (
        ValueError,
        RecursionError,
    ):  # someone's half-written settings: the default folder counts
        settings = {}
    folder = settings.get("downloadsFolder") if isinstance(settings, dict) else None
    if isinstance(folder, str) and folder.strip():
        return (Path(folder.strip()).expanduser(), place / "models")
    return (place / "models",)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8") if path.is_file() else ""
    except (OSError, UnicodeDecodeError):
        return ""
