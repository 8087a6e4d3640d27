"""A copy of a tokenizer for which control tokens do not exist, so that content cannot use them.

The library's own switch (`encode_special_tokens`) turns off the search for added tokens only: a
unigram model, or BPE merges, can still find the same entry in the vocabulary.
"""

import json
import re
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tokenizers import Tokenizer

from lmrt.domain.prompts import PromptSection, literal_pattern


class BlindTokenizer:
    """Encodes texts in which only some control tokens are meant.

    Its control tokens have secret names. The meant ones are written by these names, so that the
    text is still encoded in one go: what a token does to the white space beside it, and what
    stands at the start of a text, is as in the original.

    Args:
        engine: The original.
        control_tokens: Text to id of the tokens to be blind to.
    """

    def __init__(self, engine: Tokenizer, control_tokens: Mapping[str, int]) -> None:
        self._original = engine
        self._control_tokens = control_tokens
        self._names = {text: secrets.token_hex(32) for text in control_tokens}
        self._blind = _renamed(engine, self._names)
        self._added = [entry.content for entry in engine.get_added_tokens_decoder().values()]

    def encode(self, sections: Sequence[PromptSection]) -> list[int]:
        """Return the token ids of a text; see `Tokenizer.encode`."""
        meant: Counter[int] = Counter()
        text = "".join(self._named(section, meant) for section in sections)
        ids = self._ids_of(text)
        if meant <= Counter(ids):
            return ids
        # Some vocabularies find a token at the start of a text only, or as a whole word: where they
        # do not find it, its name would stay
        return [token for section in sections for token in self._alone(section)]

    def _named(self, section: PromptSection, meant: "Counter[int]") -> str:
        """Return a section with the names of its control tokens, which are counted."""
        pattern = literal_pattern(self._added, section.text) if section.control else None
        if pattern is None:
            return section.text

        def name_of(match: "re.Match[str]") -> str:
            text = match.group()
            if text not in self._names:
                return text
            meant[self._control_tokens[text]] += 1
            return self._names[text]

        return pattern.sub(name_of, section.text)

    def _alone(self, section: PromptSection) -> list[int]:
        if not section.control:
            return self._ids_of(section.text)
        return list(self._original.encode(section.text, add_special_tokens=False).ids)

    def _ids_of(self, text: str) -> list[int]:
        return list(self._blind.encode(text, add_special_tokens=False).ids)


def _renamed(engine: Tokenizer, names: Mapping[str, str]) -> Tokenizer:
    """Return a tokenizer with the same ids, in which some entries have other names."""
    files = json.loads(engine.to_str())
    for added in files["added_tokens"]:
        added["content"] = names.get(added["content"], added["content"])
    _rename_entries(files["model"], names)
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
