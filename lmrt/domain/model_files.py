"""What the files of a model are called."""

import re

from attrs import frozen

COMPANIONS = (
    "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json",
    "tokenizer.model", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt",
    "chat_template.jinja", "chat_template.json", "preprocessor_config.json",
    "processor_config.json",
)  # fmt: skip
"""What belongs to a directory of tensors beside these, as far as lmrt reads it."""

_PART = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf")


@frozen
class PartName:
    """A file's name as part of a split model: `STEM-00001-of-00003.gguf`; parts count from 1."""

    stem: str
    number: int
    count: int

    @classmethod
    def of(cls, name: str) -> "PartName | None":
        """Return what a name says, or None where it is not that of a part."""
        match = _PART.fullmatch(name)
        if match is None or not 1 <= int(match["number"]) <= int(match["count"]):
            return None
        return cls(match["stem"], int(match["number"]), int(match["count"]))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all parts, in order."""
        numbers = range(1, self.count + 1)
        return tuple(f"{self.stem}-{number:05}-of-{self.count:05}.gguf" for number in numbers)
