"""The catalogue's data files, checked value by value.

::

    [[families]]
    name = "qwen3"                  # what users type
    also = ["…"]                    # other spellings of it
    title = "Qwen3"                 # as the maker writes it
    maker = "Qwen"
    default = "4b"                  # the size that the bare name means
    licence = "Apache-2.0"
    gated = true                    # where the maker's repository asks for its terms to be accepted
    modalities = ["text"]

    [[families.sizes]]
    tag = "30b-a3b"
    also = ["30b"]
    parameters = 30_532_122_624
    active = 3_300_000_000          # in a mixture of experts
    context = 40_960
    licence = "…"                   # where it differs from the family's; `modalities` likewise
    gguf = "org/name"
    mlx = { "4-bit" = "org/name" }  # each rounding with its repository
    torch = "org/name"              # the maker's own
"""

import tomllib
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

from lmrt.adapters.catalogue.fields import Fields
from lmrt.domain.catalogue import Catalogue, Entry, Variant
from lmrt.domain.files import malformed_file, unreadable
from lmrt.domain.messages import Modality
from lmrt.domain.models import ArtifactFormat

DATA = Path(__file__).parent / "data"


def read_catalogue(folder: Path = DATA) -> Catalogue:
    """Return the catalogue of the data files in a folder.

    Raises:
        LoadFailed: A file is malformed, or a name is taken twice (`malformed-file`).
        ConfigurationError: A file may not be read (`unreadable-input`).
    """
    entries: list[Entry] = []
    taken: dict[str, str] = {}
    for path in sorted(folder.glob("*.toml")):
        for entry in _entries(path):
            for name in entry.names:
                if name in taken:
                    raise malformed_file(
                        path, f"names `{name}` again, which is `{taken[name]}`", hint="rename one"
                    )
                taken[name] = entry.alias
            entries.append(entry)
    return Catalogue(tuple(entries))


def _entries(path: Path) -> Iterator[Entry]:
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise unreadable(path, error) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise malformed_file(path, f"is no TOML: {error}", hint="mend it") from error
    top = Fields(path, "", document)
    families = top.tables("families")
    top.refuse_others()
    for family in families:
        yield from _family(family)


@frozen
class _Family:
    """What the sizes of a family share, unless they say otherwise.

    Attributes:
        names: The family's names, the first one its own.
        default: The size that the bare name means.
    """

    names: tuple[str, ...]
    title: str
    maker: str
    default: str
    licence: str
    gated: bool
    modalities: frozenset[Modality]


def _family(fields: Fields) -> Iterator[Entry]:
    family = _Family(
        names=(fields.text("name"), *fields.texts("also", default=())),
        title=fields.text("title"),
        maker=fields.text("maker"),
        default=fields.text("default"),
        licence=fields.text("licence"),
        gated=fields.flag("gated", default=False),
        modalities=_modalities(fields, None),
    )
    sizes = fields.tables("sizes")
    fields.refuse_others()
    entries = [_entry(size, family) for size in sizes]
    tags = [entry.size for entry in entries]
    if family.default not in tags:
        raise fields.wrong("default", family.default, f"one of its sizes: {', '.join(tags)}")
    yield from entries


def _entry(fields: Fields, family: _Family) -> Entry:
    tag = fields.text("tag")
    tags = (tag, *fields.texts("also", default=()))
    names = [f"{name}:{each}" for name in family.names for each in tags]
    entry = Entry(
        alias=names[0],
        names=(*names, *(family.names if tag == family.default else ())),
        family=family.names[0],
        size=tag,
        title=family.title,
        maker=family.maker,
        parameters=fields.number("parameters"),
        active_parameters=fields.optional_number("active"),
        context=fields.number("context"),
        modalities=_modalities(fields, family.modalities),
        licence=fields.text("licence", default=family.licence),
        gated=fields.flag("gated", default=family.gated),
        variants=_variants(fields),
    )
    fields.refuse_others()
    return entry


def _modalities(fields: Fields, default: frozenset[Modality] | None) -> frozenset[Modality]:
    known = {str(modality): modality for modality in Modality}
    texts = fields.texts("modalities", default=() if default else None)
    if default and not texts:
        return default
    for text in texts:
        if text not in known:
            raise fields.wrong("modalities", text, ", ".join(known))
    return frozenset(known[text] for text in texts) | {Modality.TEXT}


def _variants(fields: Fields) -> tuple[Variant, ...]:
    """Return the repositories of a size: GGUF files first, the maker's own last."""
    found: list[Variant] = []
    if repository := fields.repository("gguf"):
        found.append(Variant(ArtifactFormat.GGUF, repository))
    roundings = fields.repositories("mlx")
    found += [Variant(ArtifactFormat.MLX, where, name) for name, where in roundings.items()]
    if repository := fields.repository("torch"):
        found.append(Variant(ArtifactFormat.SAFETENSORS, repository))
    if not found:
        raise fields.wrong("gguf", None, "a repository, unless there is `mlx` or `torch`")
    return tuple(found)
