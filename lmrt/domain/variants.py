"""One artifact of a model, named by the user."""

import re

from lmrt.domain.describe import listed
from lmrt.domain.models import Artifact, ResolvedModel
from lmrt.domain.options import invalid_option

_GGUF_END = re.compile(r"(-\d{5}-of-\d{5})?\.gguf$", re.IGNORECASE)


def named_variant(model: ResolvedModel, name: str) -> Artifact:
    """Return the artifact that a name stands for.

    The name is an artifact's id, the end of its file's name, its quantization, or its format, in
    this order, without regard to capitals.

    Raises:
        ConfigurationError: No artifact has that name, or several have (`invalid-option`).
    """
    wanted = name.strip().casefold()
    for has_name in (_by_id, _by_file, _by_quantization, _by_format):
        found = [artifact for artifact in model.artifacts if has_name(artifact, wanted)]
        if len(found) == 1:
            return found[0]
        if found:
            raise invalid_option("variant", name, f"one of {listed([one.id for one in found])}")
    raise invalid_option("variant", name, f"one of {listed([one.id for one in model.artifacts])}")


def _by_id(artifact: Artifact, wanted: str) -> bool:
    return artifact.id.casefold() == wanted


def _by_file(artifact: Artifact, wanted: str) -> bool:
    stem = _GGUF_END.sub("", artifact.id).casefold()
    return bool(wanted) and stem.endswith((f"-{wanted}", f".{wanted}"))


def _by_quantization(artifact: Artifact, wanted: str) -> bool:
    return artifact.quantization.name.casefold() == wanted


def _by_format(artifact: Artifact, wanted: str) -> bool:
    return artifact.format.casefold() == wanted
