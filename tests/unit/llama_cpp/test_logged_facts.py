"""Facts are read from the lines that the engine logs."""

import pytest

from lmrt.adapters.llama_cpp.facts import LoggedFacts, effective_kv_type, logged_facts
from lmrt.adapters.llama_cpp.logs import LogLine, warnings_in
from lmrt.domain.config import KvType

INFO, WARNING = 2, 3
CACHE = (
    "llama_kv_cache: size =    0.25 MiB (  1024 cells,   2 layers,  4/1 seqs), "
    "K (f16):    0.12 MiB, V (q8_0):    0.12 MiB"
)


def lines(*texts: str) -> list[LogLine]:
    return [LogLine(INFO, text) for text in texts]


def test_all_facts_of_a_partial_offload() -> None:
    found = logged_facts(
        lines(
            "load_tensors: offloading output layer to GPU",
            "load_tensors: offloading 24 repeating layers to GPU",
            "load_tensors: offloaded 25/33 layers to GPU",
            "llama_context: flash_attn            = enabled",
            CACHE,
        )
    )
    assert found == LoggedFacts(frozenset({"f16", "q8_0"}), True, 24)


@pytest.mark.parametrize(
    ("word", "state"), [("enabled", True), ("disabled", False), ("auto", None)]
)
def test_flash_attention(word: str, state: bool | None) -> None:
    found = logged_facts(lines(f"llama_context: flash_attn            = {word}"))
    assert found.flash_attention is state


def test_silence_is_no_fact() -> None:
    assert logged_facts([]) == LoggedFacts(frozenset(), None, 0)


@pytest.mark.parametrize(
    ("reported", "effective"),
    [(set(), KvType.F16), ({"f16"}, KvType.F16), ({"f16", "q8_0"}, KvType.Q8_0)],
)
def test_a_kv_type_other_than_the_planned_one_is_told(
    reported: set[str], effective: KvType
) -> None:
    facts = LoggedFacts(frozenset(reported), None, 0)
    assert effective_kv_type(facts, KvType.F16) is effective


def test_warnings_are_told_once_without_the_function_that_gave_them() -> None:
    warned = [LogLine(WARNING, "load: odd tokens"), LogLine(WARNING, "load: odd tokens")]
    other = [LogLine(INFO, "load: fine"), LogLine(WARNING, "no function here")]
    assert warnings_in([*warned, *other]) == ("odd tokens", "no function here")
