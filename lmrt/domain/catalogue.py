"""The catalogue: short names for well-known models, each with the repositories that hold it."""

from collections.abc import Mapping
from functools import cached_property

from attrs import define, field, frozen

from lmrt.domain.messages import Modality
from lmrt.domain.models import ArtifactFormat
from lmrt.domain.references import HubRepository


@frozen
class Variant:
    """One repository that holds a model in one format.

    Attributes:
        format: How the repository stores the weights.
        repository: Where it is.
        quantization: How the weights are rounded (`4-bit`, `bf16` …), or None where the repository
            holds several or keeps them as the maker published them.
    """

    format: ArtifactFormat
    repository: HubRepository
    quantization: str | None = None


@frozen
class Entry:
    """One size of a family of models.

    Attributes:
        alias: Its name, `family:size`.
        names: Every name that leads to it, the alias first; the bare family too where it is the
            default.
        family: The family's name.
        size: What comes after the colon.
        title: The family's name as its maker writes it.
        maker: Who made it.
        parameters: Number of weights.
        active_parameters: Number of weights that one token passes through in a mixture of experts,
            or None in a dense model.
        context: Tokens that it was made for at once, as its maker states it.
        modalities: What it takes as input.
        licence: SPDX identifier, or the licence's own name.
        gated: Whether the maker's repository is known to ask for its terms to be accepted.
        variants: Where it can be had, in the order in which they are asked.
    """

    alias: str
    names: tuple[str, ...]
    family: str
    size: str
    title: str
    maker: str
    parameters: int
    active_parameters: int | None
    context: int
    modalities: frozenset[Modality]
    licence: str
    gated: bool
    variants: tuple[Variant, ...]

    @property
    def formats(self) -> tuple[ArtifactFormat, ...]:
        """The formats that it can be had in, each once."""
        return tuple(dict.fromkeys(variant.format for variant in self.variants))


@define(frozen=True, slots=False)
class Catalogue:
    """Every entry, families together, in the order of the data."""

    entries: tuple[Entry, ...] = field(repr=lambda entries: f"<{len(entries)} entries>")

    def find(self, name: str) -> Entry | None:
        """Return the entry of that name, or None."""
        return self._by_name.get(name)

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that leads to an entry, sorted."""
        return tuple(sorted(self._by_name))

    def matching(self, word: str) -> tuple[Entry, ...]:
        """Return the entries whose name, title or maker holds a word, whatever its capitals."""
        wanted = word.casefold()
        return tuple(
            entry
            for entry in self.entries
            if any(wanted in text.casefold() for text in (*entry.names, entry.title, entry.maker))
        )

    @cached_property
    def _by_name(self) -> Mapping[str, Entry]:
        return {name: entry for entry in self.entries for name in entry.names}
