"""What a `tokenizer.json` must not hold, since the library ends the process there."""

import json
import re
from pathlib import Path

from lmrt.adapters.tokenizers.errors import malformed

_PREFIX = re.compile(rb'"continuing_subword_prefix"\s*:\s*"[^"]')


def check_safe(data: bytes, path: Path) -> None:
    """Check the bytes of a file before the library reads them.

    With a prefix of subwords, the library cuts so many bytes off the second part of every merge,
    in the middle of a letter too. No language model's BPE has one.

    Raises:
        LoadFailed: The library would end the process over it (`malformed-file`).
    """
    if not _PREFIX.search(data):
        return
    try:
        model = json.loads(data)["model"]
    except (ValueError, RecursionError, LookupError, TypeError):
        return  # the library refuses it in its own words
    if isinstance(model, dict) and "merges" in model:
        raise malformed(path, "its BPE has a `continuing_subword_prefix`, which is not supported")
