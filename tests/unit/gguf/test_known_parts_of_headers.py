"""A reader that has read a header before reads the next one as if it had not."""

from pathlib import Path

import pytest

from lmrt.adapters.gguf import GgufReader
from lmrt.adapters.gguf.known_parts import KnownParts
from lmrt.domain.errors import LoadFailed
from tests.support.large_vocabularies import Variant, bpe_tokens

TOKENS = bpe_tokens(3000)


def write(path: Path, tokens: tuple[str, ...] = TOKENS, layers: int = 12) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Variant(tokens=tokens, layers=layers).write(path)
    return path


def test_the_same_header_is_known_by_its_bytes(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a" / "m.gguf"), write(tmp_path / "b" / "m.gguf")
    reader = GgufReader()
    reader.read(first)
    assert [one.artifact.weights for one in reader.read(second)] == [
        one.artifact.weights for one in GgufReader().read(second)
    ]
    assert reader.read(second) == GgufReader().read(second)


@pytest.mark.parametrize("place", [0.2, 0.5, 0.9])
def test_one_other_byte_is_read_anew(tmp_path: Path, place: float) -> None:
    """Wherever a byte of the header differs, both say the same, be it an error."""
    first, second = write(tmp_path / "a" / "m.gguf"), write(tmp_path / "b" / "m.gguf")
    data = bytearray(second.read_bytes())
    end = data.index(b"blk.11.") + 200
    data[int(end * place)] ^= 0x41
    second.write_bytes(data)
    reader = GgufReader()
    reader.read(first)
    assert told(reader, second) == told(GgufReader(), second)


def test_a_shorter_file_is_not_taken_for_the_whole_one(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a" / "m.gguf"), write(tmp_path / "b" / "m.gguf")
    whole = second.read_bytes()
    reader = GgufReader()
    reader.read(first)
    for size in (len(whole) - 1, whole.index(b"blk.11.") + 20, whole.index(b"blk.0.") - 500):
        second.write_bytes(whole[:size])
        assert told(reader, second) == told(GgufReader(), second)
        assert "malformed-file" in str(told(reader, second))


def test_another_vocabulary_of_the_same_length_is_another(tmp_path: Path) -> None:
    first = write(tmp_path / "a" / "m.gguf")
    second = write(tmp_path / "b" / "m.gguf", tokens=(*TOKENS[:-1], TOKENS[-1] + "more"))
    reader = GgufReader()
    reader.read(first)
    assert reader.read(second) == GgufReader().read(second)


def test_only_the_last_parts_are_kept_and_only_long_ones() -> None:
    known: KnownParts[int] = KnownParts()
    parts = [bytes([number]) * 5000 for number in range(6)]
    for number, part in enumerate(parts):
        known.add(part, 0, len(part), "kind", number)
    assert known.at(parts[0], 0, "kind") is None
    assert known.at(b"xx" + parts[5] + b"more", 2, "kind") == (5002, 5)
    assert known.at(parts[5], 0, "another kind") is None
    assert known.at(parts[5][:-1], 0, "kind") is None
    known.add(b"short", 0, 5, "kind", 7)
    assert known.at(b"short", 0, "kind") is None


def told(reader: GgufReader, path: Path) -> object:
    try:
        return reader.read(path)
    except LoadFailed as error:
        return (error.code, error.message, error.context)
