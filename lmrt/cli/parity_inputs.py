"""What `rt parity` is asked for: options, and a file of prompts."""

import sys
from pathlib import Path

from attrs import evolve

from lmrt.cli.runtime_options import runtime_config
from lmrt.cli.settings import Settings
from lmrt.domain.errors import ConfigurationError
from lmrt.domain.files import unreadable
from lmrt.domain.options import invalid_option
from lmrt.domain.parity.request import DEFAULT_MAX_TOKENS, DEFAULT_PROMPTS, ParityRequest


def parity_request(
    settings: Settings,
    model: str,
    *,
    backends: str | None,
    prompts: str | None,
    max_tokens: int | None,
    device: str | None,
    context: int | None,
    kv_type: str | None,
    dtype: str | None,
    models_dir: Path | None,
) -> ParityRequest:
    """Return what the options ask for.

    Of the user's settings, those that make a model faster or smaller do not count: backend and data
    types are what is compared.

    Raises:
        ConfigurationError: A value is outside its range (`invalid-option`), or the prompts cannot
            be read (`unreadable-input`, `empty-prompt`).
    """
    config = runtime_config(
        evolve(settings, backend=None, kv_type=None, dtype=None),
        model,
        backend=None,
        device=device,
        context=context,
        kv_type=kv_type,
        dtype=dtype,
        memory_budget=None,
        prefer=None,
        models_dir=models_dir,
    )
    return ParityRequest(
        config=config,
        backends=() if backends is None else _names(backends),
        prompts=DEFAULT_PROMPTS if prompts is None else _read_prompts(prompts),
        max_tokens=DEFAULT_MAX_TOKENS if max_tokens is None else max_tokens,
    )


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise invalid_option("backends", text, "two or more names with commas between them")
    return names


def _read_prompts(place: str) -> tuple[str, ...]:
    """Return the lines of a file, or of standard input for `-`, that are not blank."""
    data = _read(place)
    name = "standard input" if place == "-" else f"`{place}`"
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"{name} is not UTF-8 text: byte {data[error.start]:#04x} at {error.start:,}",
            code="unreadable-input",
            context={"path": place, "offset": error.start},
            hint="convert it first, for example with `iconv -t utf-8`",
        ) from None
    prompts = tuple(line for line in lines if line.strip())
    if not prompts:
        raise ConfigurationError(
            f"{name} holds no prompt",
            code="empty-prompt",
            context={"path": place},
            hint="write one prompt a line",
        )
    return prompts


def _read(place: str) -> bytes:
    if place == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(place).expanduser().read_bytes()
    except OSError as error:
        raise unreadable(Path(place), error) from error
