"""Which of a repository's artifacts a reference asks for."""

import re
from collections.abc import Sequence

from lmrt.domain.describe import listed
from lmrt.domain.errors import ModelNotFound
from lmrt.domain.models import DescribedArtifact
from lmrt.domain.references import HubRepository

_PART_SUFFIX = re.compile(r"(-\d{5}-of-\d{5})?\.gguf$", re.IGNORECASE)


def chosen(
    wanted: HubRepository, described: Sequence[DescribedArtifact], where: str
) -> tuple[DescribedArtifact, ...]:
    """Return the artifacts that a reference asks for.

    A variant is the ending of a file's name, else a quantization: names tell more, since
    `UD-Q4_K_XL` and `Q4_K_M` have the same type in their headers. A file stands for the artifact
    that it is a part of.

    Args:
        wanted: The reference.
        described: What there is.
        where: Where it was looked for, for errors: `on the Hub`.

    Raises:
        ModelNotFound: There is no such variant (`variant-not-found`) or file (`file-not-found`).
    """
    if wanted.file is not None:
        return _with_file(wanted, wanted.file, described, where)
    if wanted.variant is not None:
        return _variant(wanted, wanted.variant, described, where)
    return tuple(described)


def _with_file(
    wanted: HubRepository, name: str, described: Sequence[DescribedArtifact], where: str
) -> tuple[DescribedArtifact, ...]:
    for one in described:
        if name in (file.path for file in one.artifact.files):
            return (one,)
    present = [one.artifact.files[0].path for one in described]
    raise ModelNotFound(
        f"`{wanted.repository}` has no model file `{name}` {where}",
        code="file-not-found",
        context={"repository": wanted.repository, "file": name, "present": present},
        note=f"there is {listed(present)}" if present else None,
        hint="name one of these",
    )


def _variant(
    wanted: HubRepository, name: str, described: Sequence[DescribedArtifact], where: str
) -> tuple[DescribedArtifact, ...]:
    ending = name.casefold()
    named = tuple(one for one in described if _stem(one).endswith(("-" + ending, "." + ending)))
    rounded = tuple(one for one in described if one.artifact.quantization.name.casefold() == ending)
    if found := named or rounded:
        return found
    present = sorted({one.artifact.quantization.name for one in described})
    raise ModelNotFound(
        f"`{wanted.repository}` has no variant `{name}` {where}",
        code="variant-not-found",
        context={"repository": wanted.repository, "variant": name, "present": present},
        note=f"there is {listed(present)}",
        hint="name one of these, or leave the variant out: the planner chooses",
    )


def _stem(described: DescribedArtifact) -> str:
    return _PART_SUFFIX.sub("", described.artifact.id).casefold()
