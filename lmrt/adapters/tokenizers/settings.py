"""What the files beside a `tokenizer.json` declare about its tokens."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from attrs import frozen

from lmrt.adapters.tokenizers.errors import malformed

MAX_DOCUMENT = 2**25
"""Bytes of the largest JSON that is read; real ones stay far below."""

_MAX_ID = 2**31
_ID = re.compile(r"[0-9]{1,9}")
_NAMED = ("bos", "eos", "unk", "sep", "pad", "cls", "mask")
_LISTS = ("additional_special_tokens", "extra_special_tokens")
_FLAGS = ("single_word", "lstrip", "rstrip", "normalized", "special")


@frozen
class DeclaredToken:
    """A token that `tokenizer_config.json` adds, with the flags of the `tokenizers` library.

    Attributes:
        token: Its id.
        text: Its text.
        flags: Those that are set to true or false.
    """

    token: int
    text: str
    flags: dict[str, bool]


@frozen
class TokenSettings:
    """The declared tokens.

    Attributes:
        bos: Text of the token that starts a text, or None where none is declared.
        eos: Text of the token that ends one, or None.
        bos_id: Its id, where only the id is declared.
        end_ids: Ids that end a turn or the text.
        adds_bos: Whether a text is to start with `bos`; None leaves it to `tokenizer.json`.
        special: Texts of the tokens that are declared special, in whatever way.
        declared: Tokens that are declared with id and flags, by id.
    """

    bos: str | None
    eos: str | None
    bos_id: int | None
    end_ids: frozenset[int]
    adds_bos: bool | None
    special: frozenset[str]
    declared: tuple[DeclaredToken, ...]


def read_settings(root: Path) -> TokenSettings:
    """Read them from whichever of the files are there.

    Raises:
        LoadFailed: A file is malformed (`malformed-file`).
    """
    texts, map_file = root / "tokenizer_config.json", root / "special_tokens_map.json"
    tokenizer, special = _read(texts), _read(map_file)
    ends: frozenset[int] = frozenset()
    starts: frozenset[int] = frozenset()
    for path in (root / "generation_config.json", root / "config.json"):
        config = _read(path)
        nested = config.get("text_config")
        for section in (config, nested if isinstance(nested, dict) else {}):
            ends |= _ids(path, section, "eos_token_id")
            starts = starts or _ids(path, section, "bos_token_id")
    adds_bos = tokenizer.get("add_bos_token")
    declared = tuple(sorted(_declared(texts, tokenizer), key=lambda entry: entry.token))
    named = {*_special(texts, tokenizer), *_special(map_file, special)}
    return TokenSettings(
        bos=_text(texts, tokenizer, "bos_token") or _text(map_file, special, "bos_token"),
        eos=_text(texts, tokenizer, "eos_token") or _text(map_file, special, "eos_token"),
        bos_id=min(starts, default=None),
        end_ids=ends,
        adds_bos=adds_bos if isinstance(adds_bos, bool) else None,
        special=frozenset(named.union(one.text for one in declared if one.flags.get("special"))),
        declared=declared,
    )


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    if path.stat().st_size > MAX_DOCUMENT:
        raise malformed(path, f"it has more than {MAX_DOCUMENT:,} bytes")
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
    if not all(type(token) is int and token < _MAX_ID for token in ids):
        raise malformed(path, f"`{key}` is {value!r}, not a token id or a list of them")
    return frozenset(token for token in ids if token >= 0)


def _text(path: Path, values: dict[str, Any], key: str) -> str | None:
    value = values.get(key)
    if isinstance(value, dict):
        value = value.get("content")
    if value is not None and not isinstance(value, str):
        raise malformed(path, f"`{key}` is {value!r}, not a token's text")
    return value


def _special(path: Path, values: dict[str, Any]) -> Iterator[str]:
    for name in _NAMED:
        if text := _text(path, values, f"{name}_token"):
            yield text
    for name in _LISTS:
        listed = values.get(name)
        # Newer files name the further tokens
        entries = list(listed.values()) if isinstance(listed, dict) else listed or []
        if not isinstance(entries, list):
            raise malformed(path, f"`{name}` is {listed!r}, not a list of tokens")
        for entry in entries:
            if text := _text(path, {name: entry}, name):
                yield text


def _declared(path: Path, values: dict[str, Any]) -> Iterator[DeclaredToken]:
    key = "added_tokens_decoder"
    entries = values.get(key) or {}
    if not isinstance(entries, dict):
        raise malformed(path, f"`{key}` is {entries!r}, not an object of tokens")
    for token, entry in entries.items():
        match entry:
            case {"content": str(text)} if _ID.fullmatch(token):
                flags = {name: entry[name] for name in _FLAGS if isinstance(entry.get(name), bool)}
                yield DeclaredToken(int(token), text, flags)
            case _:
                raise malformed(path, f"`{key}` has {entry!r} as token {token!r}")
