"""A mistake in a data file is told with its place; nothing is guessed or left aside."""

from pathlib import Path

import pytest

from lmrt.adapters.catalogue import read_catalogue
from lmrt.domain.catalogue import Entry
from lmrt.domain.errors import ConfigurationError, LoadFailed
from lmrt.domain.messages import Modality
from lmrt.domain.models import ArtifactFormat
from lmrt.domain.references import HubRepository

GOOD = """
[[families]]
name = "tiny"
also = ["teeny"]
title = "Tiny"
maker = "Maker"
default = "1b"
licence = "MIT"
modalities = ["text"]

[[families.sizes]]
tag = "1b"
also = ["small"]
parameters = 1_000_000_000
context = 2048
gguf = "org/Tiny-GGUF"
mlx = { "4-bit" = "mlx-community/Tiny-4bit" }
torch = "org/Tiny@v1"

[[families.sizes]]
tag = "8b-a1b"
parameters = 8_000_000_000
active = 1_000_000_000
context = 4096
modalities = ["image"]
licence = "Apache-2.0"
gated = true
torch = "org/Tiny-MoE"
"""


def read(folder: Path, text: str = GOOD, name: str = "a.toml") -> tuple[Entry, ...]:
    (folder / name).write_text(text, "utf-8")
    return read_catalogue(folder).entries


def refused(folder: Path, old: str, new: str) -> str:
    assert old in GOOD
    with pytest.raises(LoadFailed) as caught:
        read(folder, GOOD.replace(old, new, 1))
    assert caught.value.code == "malformed-file"
    assert str(folder / "a.toml") in caught.value.message
    return caught.value.message


def test_a_size_takes_from_its_family_what_it_does_not_say(tmp_path: Path) -> None:
    small, large = read(tmp_path)
    assert (small.licence, small.gated, small.modalities) == (
        "MIT",
        False,
        frozenset({Modality.TEXT}),
    )
    assert (large.licence, large.gated) == ("Apache-2.0", True)
    assert large.modalities == frozenset({Modality.TEXT, Modality.IMAGE})
    assert (large.parameters, large.active_parameters) == (8_000_000_000, 1_000_000_000)


def test_names_are_every_spelling_with_every_tag(tmp_path: Path) -> None:
    small, large = read(tmp_path)
    assert small.names == (
        *("tiny:1b", "tiny:small", "teeny:1b", "teeny:small"),
        *("tiny", "teeny"),
    )
    assert large.names == ("tiny:8b-a1b", "teeny:8b-a1b")


def test_variants_are_in_the_order_that_they_are_asked_in(tmp_path: Path) -> None:
    small, _ = read(tmp_path)
    assert [(one.format, str(one.repository), one.quantization) for one in small.variants] == [
        (ArtifactFormat.GGUF, "org/Tiny-GGUF", None),
        (ArtifactFormat.MLX, "mlx-community/Tiny-4bit", "4-bit"),
        (ArtifactFormat.SAFETENSORS, "org/Tiny@v1", None),
    ]
    assert small.variants[2].repository == HubRepository("org/Tiny", "v1")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('name = "tiny"', "", "`families[0].name`"),
        ('title = "Tiny"', "title = 3", "`families[0].title`"),
        ('default = "1b"', 'default = "2b"', "`families[0].default`"),
        ('modalities = ["text"]', 'modalities = ["smell"]', "`families[0].modalities`"),
        ('modalities = ["text"]', "", "`families[0].modalities`"),
        ('licence = "MIT"', 'license = "MIT"', "`families[0].licence`"),
        ('maker = "Maker"', 'maker = "Maker"\ncolour = "red"', "`families[0].colour`"),
        ("context = 2048", "context = 0", "`families[0].sizes[0].context`"),
        ("context = 2048", "context = true", "`families[0].sizes[0].context`"),
        ("context = 2048", "context = 2048\nsize = 1", "`families[0].sizes[0].size`"),
        ("gated = true", 'gated = "yes"', "`families[0].sizes[1].gated`"),
        ('gguf = "org/Tiny-GGUF"', 'gguf = "Tiny-GGUF"', "`families[0].sizes[0].gguf`"),
        ('gguf = "org/Tiny-GGUF"', 'gguf = "https://x/y"', "`families[0].sizes[0].gguf`"),
        ('"mlx-community/Tiny-4bit"', "4", "`families[0].sizes[0].mlx.4-bit`"),
        ('{ "4-bit" = "mlx-community/Tiny-4bit" }', '"a/b"', "`families[0].sizes[0].mlx`"),
        ('torch = "org/Tiny-MoE"', "", "`families[0].sizes[1].gguf`"),
        ('also = ["small"]', 'also = "small"', "`families[0].sizes[0].also`"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert told in refused(tmp_path, old, new)


def test_a_name_is_taken_once_over_all_files(tmp_path: Path) -> None:
    read(tmp_path)
    with pytest.raises(LoadFailed, match="`tiny:1b` again"):
        read(tmp_path, name="b.toml")


def test_what_is_no_toml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LoadFailed, match="is no TOML"):
        read(tmp_path, "[[families")
    (tmp_path / "a.toml").write_bytes(b"\xff")
    with pytest.raises(LoadFailed, match="is no TOML"):
        read_catalogue(tmp_path)


def test_a_file_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.toml").mkdir()
    with pytest.raises(ConfigurationError) as caught:
        read_catalogue(tmp_path)
    assert caught.value.code == "unreadable-input"


def test_a_word_finds_names_titles_and_makers(tmp_path: Path) -> None:
    read(tmp_path)
    catalogue = read_catalogue(tmp_path)
    for word in ("teeny", "TINY", "maker"):
        assert len(catalogue.matching(word)) == 2
    assert [entry.alias for entry in catalogue.matching("a1b")] == ["tiny:8b-a1b"]
    assert catalogue.matching("huge") == ()
