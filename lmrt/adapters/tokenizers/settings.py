"""What the files beside a `tokenizer.json` say about the tokens at a text's ends."""

import json
from pathlib import Path
from typing import Any

from attrs import frozen

from lmrt.adapters.tokenizers.errors import malformed


@frozen
class EndSettings:
    """The declared tokens at the ends of a text.

    Attributes:
        bos: Text of the token that starts a text, or None where none is declared.
        eos: Text of the token that ends one, or None.
        bos_id: Its id, where only the id is declared.
        end_ids: Ids that end a turn or the text.
        adds_bos: Whether a text is to start with `bos`; None leaves it to `tokenizer.json`.
    """

    bos: str | None
    eos: str | None
    bos_id: int | None
    end_ids: frozenset[int]
    adds_bos: bool | None


def read_end_settings(root: Path) -> EndSettings:
    """Read them from whichever of the files are there.

    Raises:
        LoadFailed: A file is malformed (`malformed-file`).
    """
    texts = root / "tokenizer_config.json"
    tokenizer = _read(texts)
    special = _read(root / "special_tokens_map.json")
    ends: frozenset[int] = frozenset()
    starts: frozenset[int] = frozenset()
    for path in (root / "generation_config.json", root / "config.json"):
        config = _read(path)
        nested = config.get("text_config")
        for section in (config, nested if isinstance(nested, dict) else {}):
            ends |= _ids(path, section, "eos_token_id")
            starts = starts or _ids(path, section, "bos_token_id")
    adds_bos = tokenizer.get("add_bos_token")
    return EndSettings(
        bos=_text(texts, tokenizer, "bos_token") or _text(texts, special, "bos_token"),
        eos=_text(texts, tokenizer, "eos_token") or _text(texts, special, "eos_token"),
        bos_id=min(starts, default=None),
        end_ids=ends,
        adds_bos=adds_bos if isinstance(adds_bos, bool) else None,
    )


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        value = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise malformed(path, f"it is not JSON ({error})") from error
    if not isinstance(value, dict):
        raise malformed(path, "it is not a JSON object")
    return value


def _ids(path: Path, values: dict[str, Any], key: str) -> frozenset[int]:
    value = values.get(key)
    ids = [] if value is None else value if isinstance(value, list) else [value]
    if any(not isinstance(token, int) or isinstance(token, bool) for token in ids):
        raise malformed(path, f"`{key}` is {value!r}, not a token id or a list of them")
    return frozenset(token for token in ids if token >= 0)


def _text(path: Path, values: dict[str, Any], key: str) -> str | None:
    value = values.get(key)
    if isinstance(value, dict):
        value = value.get("content")
    if value is not None and not isinstance(value, str):
        raise malformed(path, f"`{key}` is {value!r}, not a token's text")
    return value
