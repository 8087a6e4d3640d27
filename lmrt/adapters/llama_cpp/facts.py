"""What the engine reports of a load, read from its log where its API does not tell."""

import re
from collections.abc import Sequence

from attrs import frozen

from lmrt.adapters.llama_cpp.logs import LogLine
from lmrt.domain.config import KvType

_FLASH = re.compile(r"llama_context: flash_attn\s*= (\w+)")
_CACHE = re.compile(r"\bK \((\w+)\):.*\bV \((\w+)\):")
_LAYERS = re.compile(r"offloading (\d+) repeating layers to GPU")
_FLASH_STATES = {"enabled": True, "disabled": False}


@frozen
class LoggedFacts:
    """Facts that only the log tells.

    Attributes:
        kv_types: Types of the KV caches' keys and values; empty for a model without such a cache.
        flash_attention: Whether attention is fused, or None where the log does not tell.
        layers_on_device: Repeating layers on an accelerator.
    """

    kv_types: frozenset[str]
    flash_attention: bool | None
    layers_on_device: int


def logged_facts(lines: Sequence[LogLine]) -> LoggedFacts:
    """Return the facts in the lines that a load and its context logged."""
    kv_types: set[str] = set()
    flash: bool | None = None
    layers = 0
    for line in lines:
        if match := _CACHE.search(line.text):
            kv_types.update(match.groups())
        elif match := _FLASH.search(line.text):
            flash = _FLASH_STATES.get(match[1])
        elif match := _LAYERS.search(line.text):
            layers = int(match[1])
    return LoggedFacts(frozenset(kv_types), flash, layers)


def effective_kv_type(facts: LoggedFacts, planned: KvType) -> KvType:
    """Return the KV type in use: the planned one, unless the engine reports another."""
    others = sorted(facts.kv_types - {planned})
    return KvType(others[0]) if others else planned
