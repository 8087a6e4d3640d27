"""A copy of a tokenizer for which control tokens do not exist, so that content cannot use them.

The library's own switch (`encode_special_tokens`) turns off the search for added tokens only: a
unigram model, or BPE merges, can still find the same entry in the vocabulary.
"""

import json
import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from tokenizers import Tokenizer


def blind_copy(engine: Tokenizer, control_tokens: Iterable[str]) -> Tokenizer:
    """Return a tokenizer with the same ids in which nothing can spell a control token.

    It encodes text as it stands after a control token: no space is put before the first word
    where the vocabulary does that at the start of a prompt only.

    Args:
        engine: The tokenizer.
        control_tokens: The texts to be blind to.
    """
    files = json.loads(engine.to_str())
    # Their entries stay, so that all ids stay, under names that nobody can write into a prompt
    names = {text: secrets.token_hex(32) for text in control_tokens}
    for added in files["added_tokens"]:
        added["content"] = names.get(added["content"], added["content"])
    _rename_entries(files["model"], names)
    _spare_the_first_space(files["pre_tokenizer"])
    files["post_processor"] = None  # it adds tokens by name, and is never asked to
    return Tokenizer.from_str(json.dumps(files))


def _rename_entries(model: dict[str, Any], names: Mapping[str, str]) -> None:
    vocabulary = model["vocab"]
    if isinstance(vocabulary, dict):
        model["vocab"] = {names.get(text, text): token for text, token in vocabulary.items()}
    else:
        model["vocab"] = [[names.get(text, text), score] for text, score in vocabulary]
    if model.get("unk_token") in names:
        model["unk_token"] = names[model["unk_token"]]
    if "merges" in model:
        pairs = [
            merge if isinstance(merge, list) else merge.split(" ", 1) for merge in model["merges"]
        ]
        model["merges"] = [pair for pair in pairs if not {*pair, "".join(pair)} & names.keys()]


def _spare_the_first_space(pre_tokenizer: dict[str, Any] | None) -> None:
    if pre_tokenizer is None:
        return
    for part in pre_tokenizer.get("pretokenizers", ()):
        _spare_the_first_space(part)
    if pre_tokenizer.get("prepend_scheme") == "first":
        pre_tokenizer["prepend_scheme"] = "never"
