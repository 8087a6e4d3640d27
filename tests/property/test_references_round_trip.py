"""Laws of model references: what is printed is read again, in the documented order, or refused."""

from hypothesis import assume, example, given
from hypothesis import strategies as st

from lmrt.domain.errors import ConfigurationError
from lmrt.domain.references import (
    Alias,
    HubRepository,
    Interpretation,
    LocalPath,
    UnderModelsDir,
    interpretations,
)

ORDER = (LocalPath, UnderModelsDir, Alias, HubRepository)
PIECES = (
    *("hf:", "file:", "https://", "/", "//", "./", "../", "..", ".", "~", "@", ":", "%2F", "%2f"),
    *("\\", "C:\\", "org", "name", "refs/pr/1", "main", "Q4_K_M", ".gguf", ".GGUF", ".git", "--"),
    *(" ", "\t", "\0", "ü", "\u2028", "\udcff"),
)

texts = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=9).map("".join))
words = st.from_regex(r"[A-Za-z0-9_]([A-Za-z0-9._-]{0,6}[A-Za-z0-9_])?", fullmatch=True)
branches = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,6}", fullmatch=True)
revisions = st.one_of(
    st.lists(branches, min_size=1, max_size=3).map("/".join),
    st.sampled_from(["refs/pr/1", "refs/convert/parquet", "a/b.gguf", "0" * 40]),
)
variants = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,8}", fullmatch=True)
folders = st.text(st.characters(exclude_categories=["Cc"], exclude_characters="/\\"), min_size=1)
files = st.builds(
    lambda above, stem, end: "/".join((*above, stem + end)),
    st.lists(folders.filter(lambda name: name not in (".", "..")), max_size=2),
    folders,
    st.sampled_from([".gguf", ".GGUF", "-00001-of-00003.gguf"]),
)


def readings_of(text: str) -> tuple[Interpretation, ...]:
    try:
        return interpretations(text)
    except ConfigurationError as error:
        refused = error
    assert refused.code == "invalid-reference"
    assert refused.hint
    return ()


@given(texts)
@example("hf:org/name@a/b.gguf")
@example("org/name@refs/pr/1:x.gguf")
def test_every_reading_is_read_again_from_its_print(text: str) -> None:
    for reading in readings_of(text):
        assert reading in interpretations(str(reading))


@given(texts)
def test_readings_come_in_the_documented_order_and_once_each(text: str) -> None:
    kinds = [ORDER.index(type(reading)) for reading in readings_of(text)]
    assert kinds == sorted(set(kinds))


@given(words, words, st.none() | revisions, st.none() | variants, st.none() | files)
@example("org", "name", "feature/x", "y.gguf", None)
@example("org", "name.gguf", "refs/pr/1", None, "f.gguf")
@example("org", "name", None, None, "f:g@h.gguf")
def test_every_repository_is_read_again_from_its_print(
    org: str, name: str, revision: str | None, variant: str | None, file: str | None
) -> None:
    assume("--" not in org + "/" + name and ".." not in org + "/" + name)
    assume(not name.endswith(".git") and ".." not in (revision or ""))
    wanted = HubRepository(f"{org}/{name}", revision, None if file else variant, file)
    assert interpretations(str(wanted))[-1] == wanted
    forced = str(wanted) if str(wanted).startswith("hf:") else f"hf:{wanted}"
    assert interpretations(forced) == (wanted,)


@given(texts)
def test_what_begins_like_a_path_is_nothing_else(text: str) -> None:
    for start in ("./", "../", "/", "~/"):
        assert all(isinstance(reading, LocalPath) for reading in readings_of(start + text))


@given(texts)
def test_no_name_leads_out_of_the_models_directory(text: str) -> None:
    for reading in readings_of(text):
        if isinstance(reading, UnderModelsDir):
            assert not reading.name.startswith("/")
            assert ".." not in reading.name.split("/")
