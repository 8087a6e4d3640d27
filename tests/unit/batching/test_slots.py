"""Slots: how much of a prompt is found again, and what gives way when cells run out."""

from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st

from lmrt.domain.batching.slots import Slot, SlotTable, common_prefix


@define
class Memory:
    """A KV cache that remembers lengths, and may be unable to go back or to share."""

    goes_back: bool = True
    shares: bool = True
    lengths: dict[int, int] = field(factory=dict)
    shared: list[tuple[int, int, int]] = field(factory=list)

    def can_resume(self, sequence: int, length: int, filled: int) -> bool:
        assert self.lengths.get(sequence, 0) == filled
        return self.goes_back or length == filled

    def can_share(self) -> bool:
        return self.shares

    def cut(self, sequence: int, length: int) -> bool:
        if not self.goes_back and 0 < length < self.lengths.get(sequence, 0):
            return False
        self.lengths[sequence] = min(length, self.lengths.get(sequence, 0))
        return True

    def share(self, source: int, target: int, length: int) -> None:
        assert self.lengths.get(target, 0) == 0
        assert self.lengths[source] >= length
        self.lengths[target] = length
        self.shared.append((source, target, length))


def table(count: int = 3, cells: int = 100, memory: Memory | None = None) -> SlotTable:
    return SlotTable(count, cells, memory or Memory())


def compute(memory: Memory, slot: Slot, tokens: list[int]) -> None:
    """Compute what the slot does not hold yet, as a step does."""
    slot.tokens.extend(tokens[len(slot.tokens) :])
    memory.lengths[slot.id] = len(slot.tokens)


def filled(slots: SlotTable, memory: Memory, *texts: list[int]) -> list[Slot]:
    """Leave each text behind in an idle slot."""
    left = []
    for text in texts:
        slot = slots.admit([*text, -1], len(text) + 1)
        assert slot is not None
        compute(memory, slot, text)
        slots.retire(slot)
        left.append(slot)
    return left


def test_the_last_token_is_always_left_to_compute() -> None:
    memory = Memory()
    slots = table(memory=memory)
    (left,) = filled(slots, memory, [1, 2, 3])
    found = slots.admit([1, 2, 3], 10)
    assert found is left
    assert (found.tokens, memory.lengths[found.id]) == ([1, 2], 2)


def test_the_longest_start_is_taken() -> None:
    memory = Memory()
    slots = table(memory=memory)
    filled(slots, memory, [1, 2, 9], [1, 2, 3, 4], [1, 7])
    found = slots.admit([1, 2, 3, 4, 5], 10)
    assert found is not None
    assert found.tokens == [1, 2, 3, 4]


def test_a_long_text_is_not_cut_for_a_short_common_start() -> None:
    memory = Memory()
    slots = table(memory=memory)
    (long,) = filled(slots, memory, list(range(40)))
    found = slots.admit([0, 1, 2, 99], 10)
    assert found is not None
    assert found is not long
    assert (found.tokens, long.tokens) == ([0, 1, 2], list(range(40)))
    assert memory.shared == [(long.id, found.id, 3)]


def test_a_long_text_is_cut_where_there_is_no_other_slot() -> None:
    memory = Memory()
    slots = table(count=1, memory=memory)
    (long,) = filled(slots, memory, list(range(40)))
    assert slots.admit([0, 1, 2, 99], 10) is long
    assert long.tokens == [0, 1, 2]


def test_a_start_is_shared_with_a_live_sequence() -> None:
    memory = Memory()
    slots = table(memory=memory)
    live = slots.admit([1, 2, 3, 4], 10)
    assert live is not None
    compute(memory, live, [1, 2, 3, 4])
    found = slots.admit([1, 2, 3, 9], 10)
    assert found is not None
    assert (found.tokens, live.tokens) == ([1, 2, 3], [1, 2, 3, 4])


def test_a_state_that_cannot_go_back_is_continued_or_dropped() -> None:
    memory = Memory(goes_back=False, shares=False)
    slots = table(memory=memory)
    (left,) = filled(slots, memory, [1, 2, 3])
    continued = slots.admit([1, 2, 3, 4], 10)
    assert continued is left
    assert continued.tokens == [1, 2, 3]
    compute(memory, continued, [1, 2, 3, 4])
    assert slots.admit([1, 2, 3, 4, 5], 10) is not left, "a live state cannot be shared"
    slots.retire(continued)
    again = slots.admit([1, 2, 9], 10)
    assert again is not None
    assert again.tokens == []


def test_the_slot_unused_for_longest_gives_way() -> None:
    memory = Memory()
    slots = table(count=2, memory=memory)
    old, new = filled(slots, memory, [1, 2], [3, 4])
    assert slots.admit([5, 6], 10) is old
    assert (old.tokens, new.tokens) == ([], [3, 4])


def test_idle_text_goes_one_by_one_the_oldest_first() -> None:
    memory = Memory()
    slots = table(memory=memory)
    old, new = filled(slots, memory, [1] * 30, [2] * 30)
    assert slots.evict()
    assert (len(old.tokens), len(new.tokens)) == (0, 30)
    assert slots.evict()
    assert (len(old.tokens), len(new.tokens)) == (0, 0)
    assert not slots.evict()


def test_reservations_count_not_what_is_filled() -> None:
    slots = table(count=3, cells=100)
    assert slots.admit([1], 60) is not None
    assert slots.admit([2], 41) is None
    assert slots.admit([3], 40) is not None
    assert slots.admit([4], 1) is None


def test_live_slots_are_never_emptied() -> None:
    memory = Memory()
    slots = table(count=1, memory=memory)
    slot = slots.admit([1, 2], 10)
    assert slot is not None
    compute(memory, slot, [1, 2])
    assert not slots.evict()
    assert slot.tokens == [1, 2]


def test_a_stopped_step_leaves_a_state_that_cannot_go_back_empty() -> None:
    for goes_back, kept in ((True, [1, 2]), (False, [])):
        memory = Memory(goes_back=goes_back)
        slots = table(memory=memory)
        slot = slots.admit([1, 2, 3], 10)
        assert slot is not None
        compute(memory, slot, [1, 2])
        memory.lengths[slot.id] = 3
        slots.restore(slot)
        assert (slot.tokens, memory.lengths[slot.id]) == (kept, len(kept))


tokens = st.lists(st.integers(0, 2), max_size=600)


@given(tokens, tokens, tokens)
def test_the_common_prefix_is_where_two_texts_part(
    start: list[int], one: list[int], other: list[int]
) -> None:
    found = common_prefix(start + one, start + other)
    assert (start + one)[:found] == (start + other)[:found]
    assert found >= len(start)
    rest = (start + one)[found : found + 1], (start + other)[found : found + 1]
    assert rest[0] != rest[1] or rest == ([], [])


@given(
    st.lists(
        st.tuples(
            st.lists(st.integers(0, 1), min_size=1, max_size=12),
            st.integers(1, 30),
            st.booleans(),
        ),
        max_size=40,
    ),
    st.booleans(),
    st.booleans(),
)
def test_cells_are_never_over_booked(
    arrivals: list[tuple[list[int], int, bool]], goes_back: bool, shares: bool
) -> None:
    memory = Memory(goes_back=goes_back, shares=shares and goes_back)
    slots = table(count=3, cells=40, memory=memory)
    live: list[Slot] = []
    for prompt, extra, ends in arrivals:
        slot = slots.admit(prompt, len(prompt) + extra)
        if slot is not None:
            assert slot.tokens == prompt[: len(slot.tokens)]
            assert len(slot.tokens) < len(prompt)
            compute(memory, slot, prompt + [7] * (extra - 1))
            live.append(slot)
        assert sum(len(slot.tokens) for slot in live) <= 40
        if live and (ends or slot is None):
            slots.retire(live.pop(0))
