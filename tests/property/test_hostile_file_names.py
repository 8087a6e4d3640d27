"""Whatever name comes from outside: it is one file below the folder it is put in, or is refused."""

import os
import tempfile
import unicodedata
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from lmrt.domain.errors import NotMaterialized
from lmrt.domain.filenames import checked_name, checked_names, inside, name_fault

HOSTILE = [
    "",
    "/etc/passwd",
    "//host/share",
    "../up",
    "a/../../up",
    "..",
    ".",
    "./a",
    "a/./b",
    "a//b",
    "a/",
    "C:/windows",
    "c:name",
    "a\\b",
    "..\\up",
    "\\\\host\\share",
    "a\0b",
    "a\nb",
    "a\x1b[2Jb",
    "a\x7fb",
    "a\u202egpj.exe",  # turns the rest of the line round
    "a\u200bb",  # no width
    "a\udc80b",  # half of a surrogate pair
    "name.",
    "name ",
    "folder /a",
    "folder./a",
    "CON",
    "nul.json",
    "a/Com1.safetensors",
    "lpt\u00b9.txt",  # a raised 1, which is 1 to Windows
    "aux .gguf",
    "CONIN$",
    "stream.gguf:hidden",
    "*.gguf",
    "what?.json",
    "a" * 256,
    "\u00e4" * 128,  # 256 bytes
    "/".join(["abcdefgh"] * 200),
    "a\uff0fb",  # a wide slash
    "\u2025/up",  # two dots in one letter
    "\u2024\u2024/up",  # dots in one letter each
    "a\u2100b",  # an account sign, which is `a/c` in plain letters
    "\uff0e\uff0e/up",
    "a\uff3cb",  # a wide backslash
    "a\uff1ab",  # a wide colon
]

SOUND = [
    "config.json",
    ".gitattributes",
    "model-00001-of-00002.safetensors",
    "UD-Q4_K_XL/Model-Q4_K_XL-00001-of-00003.gguf",
    "a b (1) [x] + ~ = %20.gguf",
    "..a/b..c/...d",
    "\u00e4\u65e5\u672c.gguf",
    "console.json",
    "com10.json",
    "a" * 255,
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_refused(name: str) -> None:
    with pytest.raises(NotMaterialized) as caught:
        checked_name(name)
    assert caught.value.code == "hostile-file-name"
    assert caught.value.message.isprintable()
    assert str(caught.value.context["names"]).isprintable()
    assert caught.value.hint


@pytest.mark.parametrize("name", SOUND)
def test_ordinary_names_pass_as_they_are(name: str) -> None:
    assert checked_name(name) == name
    assert checked_names([name]) == (name,)


PIECES = st.sampled_from(
    [
        "..", ".", "/", "\\", "\0", ":", "a", "B", "~", "con", "NUL", " ", "\u2025", "\uff0f",
        "\ud800", "json", "\u00e9", "e\u0301", "\r", "//", "C:", "-", "\u2100", "1",
    ]
)  # fmt: skip
NAMES = st.lists(PIECES, max_size=6).map("".join) | st.text(max_size=20)


@pytest.fixture(scope="module")
def root() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(os.path.realpath(name))


@given(name=NAMES)
@example("a/b/c")
def test_a_name_that_passes_is_one_file_below_its_folder(root: Path, name: str) -> None:
    assume(name_fault(name) is None)
    assert checked_name(name) == name
    assert not PurePosixPath(name).is_absolute()
    assert PureWindowsPath(name).parts == PurePosixPath(name).parts
    assert not PureWindowsPath(name).is_reserved()
    with tempfile.TemporaryDirectory(dir=root) as place:
        folder = Path(place)
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
        assert inside(folder, Path(os.path.realpath(path)))
        files = [found for found in folder.rglob("*") if found.is_file()]
        assert [file.relative_to(folder).as_posix() for file in files] == [name]


@given(name=NAMES)
def test_the_form_of_unicode_does_not_decide(name: str) -> None:
    plain = unicodedata.normalize("NFKC", name)
    assume(len(plain.encode("utf-8", "replace")) <= 255)
    if name_fault(plain) is not None:
        assert name_fault(name) is not None


@pytest.mark.parametrize(
    "names",
    [
        ("a", "a"),
        ("Config.json", "config.json"),
        ("\u00e9.json", "e\u0301.json"),
        ("stra\u00dfe", "STRASSE"),
        ("a", "a/b"),
        ("x/A", "x/a/b/c"),
        ("a/b/c", "A"),
    ],
)
def test_names_that_can_mean_one_place_are_refused(names: tuple[str, str]) -> None:
    for pair in (names, names[::-1]):
        with pytest.raises(NotMaterialized) as caught:
            checked_names(pair)
        assert caught.value.code == "hostile-file-name"
        assert set(caught.value.context["names"]) == set(names)


@given(names=st.lists(st.lists(st.sampled_from("aAbB"), min_size=1).map("/".join), max_size=5))
def test_names_that_pass_together_lie_beside_each_other(root: Path, names: list[str]) -> None:
    try:
        checked = checked_names(names)
    except NotMaterialized:
        folded = [name.lower() for name in names]
        assert any(
            one == other or one.startswith(other + "/")
            for place, one in enumerate(folded)
            for at, other in enumerate(folded)
            if at != place
        )
        return
    assert list(checked) == names
    with tempfile.TemporaryDirectory(dir=root) as place:
        for name in checked:
            path = Path(place) / name.lower()  # as a disk that ignores case has them
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)
        assert [(Path(place) / name.lower()).read_text() for name in checked] == names


def test_links_out_of_a_folder_are_not_inside(root: Path) -> None:
    folder = root / "model"
    assert inside(folder, folder / "a" / "b")
    assert not inside(folder, root / "model-2" / "a")
    assert not inside(folder, root)


def test_the_hub_cache_s_own_links_are_inside(root: Path) -> None:
    repository = root / "models--a--b"
    snapshot = repository / "snapshots" / "0123"
    assert inside(snapshot, repository / "blobs" / "abc")
    assert inside(snapshot / "Q4_K_M", repository / "blobs" / "abc")
    assert not inside(snapshot, root / "models--a--c" / "blobs" / "abc")
    assert not inside(snapshot, repository / "refs" / "main")
    assert not inside(snapshot, repository / "snapshots" / "4567" / "config.json")
    assert not inside(root / "plain", root / "blobs" / "abc")
