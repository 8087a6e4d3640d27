"""One run as one line of JSON.

Written and read by hand: the converters of the other documents take longer to import than a prompt
may wait for its first token.
"""

import json
import math
from collections.abc import Mapping
from typing import Any

from attrs import asdict, fields

from lmrt.domain.speeds import Comparison, RunKey, SpeedRun

VERSION = 1

_NAMES = tuple(attribute.name for attribute in fields(RunKey))


def line_of(run: SpeedRun) -> bytes:
    """Return the line of a run, with its end."""
    document = {"version": VERSION, **asdict(run)}
    return json.dumps(document, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def run_of(line: bytes) -> SpeedRun | None:
    """Return the run of a line, or None for a line of another version.

    Raises:
        ValueError: It is no such line.
    """
    document = json.loads(line)
    if not isinstance(document, dict):
        raise TypeError("no object")
    if document.get("version") != VERSION:
        return None
    key = document.get("key")
    if not isinstance(key, dict) or not isinstance(document.get("machine"), str):
        raise TypeError("no run")
    return SpeedRun(
        machine=document["machine"],
        key=_key(key),
        prefill=_comparison(document.get("prefill")),
        decode=_comparison(document.get("decode")),
    )


def _key(found: Mapping[str, Any]) -> RunKey:
    values = {name: found.get(name) for name in _NAMES}
    threads = values["threads"]
    texts = [value for name, value in values.items() if name != "threads" and value is not None]
    if not all(isinstance(text, str) for text in texts) or None in (
        values["backend"],
        values["device"],
    ):
        raise TypeError("no key")
    if threads is not None and type(threads) is not int:
        raise TypeError("no number of threads")
    made: Any = values
    return RunKey(**made)


def _comparison(found: Any) -> Comparison | None:
    if found is None:
        return None
    predicted, measured, tokens = found["predicted"], found["measured"], found["tokens"]
    for value in (predicted, measured, tokens):
        if type(value) not in (int, float) or not 0 < value < math.inf:
            raise ValueError("no speed")
    return Comparison(float(predicted), float(measured), int(tokens))
