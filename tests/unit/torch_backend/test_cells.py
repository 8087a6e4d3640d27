"""Every token has a cell of its own sequence's, whatever is taken, shared and cut."""

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from lmrt.adapters.torch.cells import CellTable, Held

CELLS, SEQUENCES = 40, 3
SEQUENCE = st.integers(0, SEQUENCES - 1)


class Cells(RuleBasedStateMachine):
    """The table beside a model of it: which text each cell holds, and each sequence's text."""

    apart = True

    def __init__(self) -> None:
        super().__init__()
        self.table = CellTable(CELLS, SEQUENCES, apart=self.apart)
        self.texts: list[list[int]] = [[] for _ in range(SEQUENCES)]
        self.written: dict[int, int] = {}
        self.tokens = 0

    @rule(sequence=SEQUENCE, count=st.integers(1, 30))
    def take(self, sequence: int, count: int) -> None:
        held = {cell for number in range(SEQUENCES) for cell in self.table[number].cells}
        cells = self.table.take(sequence, count)
        if cells is None:
            assert count > CELLS - len(held)
            return
        assert len(set(cells)) == count
        assert not held.intersection(cells)
        for cell in cells:
            self.tokens += 1
            self.written[cell] = self.tokens
            self.texts[sequence].append(self.tokens)

    @rule(sequence=SEQUENCE, share=st.floats(0, 1))
    def cut(self, sequence: int, share: float) -> None:
        length = int(share * len(self.texts[sequence]))
        gone = self.table.cut(sequence, length)
        assert [self.written[cell] for cell in gone] == self.texts[sequence][length:]
        del self.texts[sequence][length:]

    @precondition(lambda self: [] in self.texts)
    @rule(source=SEQUENCE, share=st.floats(0, 1))
    def share(self, source: int, share: float) -> None:
        target = self.texts.index([])
        length = int(share * len(self.texts[source]))
        cells = self.table.share(source, target, length)
        self.texts[target] = self.texts[source][:length]
        assert self.table[target].cells == cells

    @rule(sequence=SEQUENCE, cells=st.integers(0, CELLS))
    def reserve(self, sequence: int, cells: int) -> None:
        self.table.reserve(sequence, cells)

    @invariant()
    def every_sequence_has_its_text(self) -> None:
        for number, text in enumerate(self.texts):
            assert [self.written[cell] for cell in self.table[number].cells] == text

    @invariant()
    def ranges_are_those_of_the_cells(self) -> None:
        for number in range(SEQUENCES):
            held = self.table[number]
            if held.cells:
                assert (held.low, held.high) == (min(held.cells), max(held.cells) + 1)
            assert held.straight == (held.cells == list(range(held.low, held.high)))


class PackedCells(Cells):
    apart = False


TestCellsApart = Cells.TestCase
TestCellsPacked = PackedCells.TestCase


def test_packed_cells_are_the_lowest() -> None:
    table = CellTable(CELLS, SEQUENCES, apart=False)
    assert table.take(0, 3) == [0, 1, 2]
    assert table.take(1, 2) == [3, 4]
    table.cut(0, 1)
    assert table.take(1, 3) == [1, 2, 5]


def test_sequences_keep_apart_as_long_as_they_can() -> None:
    table = CellTable(CELLS, SEQUENCES, apart=True)
    for number in range(2):
        table.reserve(number, 20)
        table.take(number, 2)
    for _ in range(18):
        for number in range(2):
            assert table.take(number, 1) is not None
    assert [table[number].low for number in range(2)] == [0, 20]
    assert all(table[number].straight for number in range(2))


def test_a_sequence_ends_where_no_run_is_long_enough() -> None:
    table = CellTable(10, SEQUENCES, apart=True)
    table.reserve(0, 4)
    table.take(0, 4)
    table.reserve(1, 3)
    table.take(1, 3)
    table.cut(0, 0)
    table.reserve(0, 0)
    table.reserve(2, 6)
    assert table.take(2, 6) == [0, 1, 2, 3, 7, 8]
    assert not table[2].straight


def test_what_lies_ahead_of_a_live_sequence_is_taken_where_there_is_nothing_else() -> None:
    table = CellTable(10, 2, apart=True)
    table.reserve(0, 10)
    table.take(0, 2)
    table.reserve(1, 4)
    assert table.take(1, 4) == [2, 3, 4, 5]
    assert table.take(0, 4) == [6, 7, 8, 9]


@given(st.lists(st.integers(0, 60), unique=True), st.lists(st.integers(61, 99), unique=True))
def test_holding_more_is_holding_all(first: list[int], more: list[int]) -> None:
    grown, whole = Held(), Held()
    grown.replace(list(first))
    grown.extend(more)
    whole.replace([*first, *more])
    for held in (grown, whole):
        assert held.cells == [*first, *more]
    assert (grown.low, grown.high, grown.straight) == (whole.low, whole.high, whole.straight)
