"""The environment and the configuration file; nothing else reads them."""

import os
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from lmrt.cli.settings_aliases import invalid_config_file, read_aliases
from lmrt.domain.references import Aliases
from lmrt.domain.sizes import parse_size

if TYPE_CHECKING:
    from lmrt.domain.stores import StorePlaces

_KEYS: dict[str, type] = {
    "model": str,
    "models_dir": str,
    "backend": str,
    "device": str,
    "context": int,
    "kv_type": str,
    "dtype": str,
    "memory_budget": str,
    "prefer": str,
    "strict": bool,
    "offline": bool,
    "ledger": bool,
    "aliases": dict,
}
_KINDS = {str: "a text", int: "a whole number", bool: "true or false", dict: "a table"}


@frozen(kw_only=True)
class Settings:
    """What the user set once for all commands; an option on the command line goes before it.

    Attributes:
        model: The default model (`RT_MODEL`, else `model`), or None.
        models_dir: Root of local models (`RT_MODELS_DIR`, else `models_dir`, else `models`).
        backend: The backend to pin, or None.
        device: The device to pin, or None.
        context: Tokens of context, or None.
        kv_type: Data type of the KV cache, or None.
        dtype: Data type that weights are loaded as, or None.
        memory_budget: Most bytes to use, or None.
        prefer: What weighs most, or None.
        strict: Whether notices are errors.
        offline: Whether no socket may be opened (`HF_HUB_OFFLINE`, else `offline`).
        ledger: Whether past runs are kept, and correct estimated speeds.
        aliases: The user's own short names, each for one reference or for several variants.
    """

    model: str | None = None
    models_dir: Path = Path("models")
    backend: str | None = None
    device: str | None = None
    context: int | None = None
    kv_type: str | None = None
    dtype: str | None = None
    memory_budget: int | None = None
    prefer: str | None = None
    strict: bool = False
    offline: bool = False
    ledger: bool = True
    aliases: Aliases = field(factory=dict)


def read_settings(
    environment: Mapping[str, str] | None = None, *, offline: bool = False
) -> Settings:
    """Read the environment and the configuration file.

    Args:
        environment: Stands in for the process's own.
        offline: Whether the command line asks to open no socket.

    Raises:
        ConfigurationError: The file is malformed or holds an unknown key (`invalid-config-file`).
    """
    environment = os.environ if environment is None else environment
    values = _read_file(config_path(environment), required="RT_CONFIG" in environment)
    if model := environment.get("RT_MODEL"):
        values["model"] = model
    if models_dir := environment.get("RT_MODELS_DIR"):
        values["models_dir"] = models_dir
    if "models_dir" in values:
        values["models_dir"] = Path(values["models_dir"]).expanduser()
    if "memory_budget" in values:
        values["memory_budget"] = parse_size("memory-budget", values["memory_budget"])
    if offline:
        values["offline"] = True
    elif told := environment.get("HF_HUB_OFFLINE"):
        values["offline"] = told.upper() in {"1", "ON", "YES", "TRUE"}
    return Settings(**values)


def read_store_places() -> "StorePlaces":
    """Return where the stores of other tools are, as the environment says."""
    from lmrt.cli.store_places import store_places

    return store_places(os.environ)


def read_hub_token() -> str | None:
    """Return what the environment gives as the Hub's token, as `huggingface_hub` reads it."""
    token = os.environ.get("HF_TOKEN") or os.environ.get("HUGGING_FACE_HUB_TOKEN")
    return None if token is None else token.replace("\r", "").replace("\n", "").strip() or None


def read_variables() -> Mapping[str, str]:
    """Return the environment, for a report that shows what is known to be harmless of it."""
    return dict(os.environ)


def config_path(environment: Mapping[str, str]) -> Path:
    """Return where the configuration file is, or would be."""
    if given := environment.get("RT_CONFIG"):
        return Path(given).expanduser()
    from platformdirs import user_config_path

    return user_config_path("lmrt", appauthor=False) / "config.toml"


def _read_file(path: Path, *, required: bool) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if required:
            raise invalid_config_file(
                path, "there is no such file", "mend or unset `RT_CONFIG`"
            ) from None
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise invalid_config_file(path, str(error), "make it a readable UTF-8 file") from error
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise invalid_config_file(path, str(error), "mend that line") from error
    for key, value in values.items():
        _check(path, key, value)
    if "aliases" in values:
        values["aliases"] = read_aliases(path, values["aliases"])
    return values


def _check(path: Path, key: str, value: object) -> None:
    if key not in _KEYS:
        close = get_close_matches(key, _KEYS, n=1)
        hint = f"did you mean `{close[0]}`?" if close else "the keys are " + ", ".join(_KEYS)
        raise invalid_config_file(path, f"unknown key `{key}`", hint)
    kind = _KEYS[key]
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise invalid_config_file(path, f"`{key}` is {value!r}", f"make it {_KINDS[kind]}")
