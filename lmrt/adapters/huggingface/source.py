"""`HubCacheSource`: Hub repositories that were downloaded before."""

import re
from collections.abc import Sequence
from pathlib import Path

from lmrt.adapters.huggingface.cache import default_cache, repositories, snapshot
from lmrt.domain.describe import listed, merged, one_model, several_models
from lmrt.domain.errors import LoadFailed, ModelNotFound, NotMaterialized
from lmrt.domain.files import unreadable
from lmrt.domain.models import DescribedArtifact, ResolvedModel
from lmrt.domain.references import HubRepository, Interpretation, Lookup
from lmrt.ports.models import ArtifactReader

_PART_SUFFIX = re.compile(r"(-\d{5}-of-\d{5})?\.gguf$", re.IGNORECASE)


class HubCacheSource:
    """Finds Hub repositories in the local cache; a `ModelSource`. It never uses the network.

    Args:
        readers: Readers of artifact formats; the first one's facts count where they differ.
        cache: The cache's folder. Default: the one that `huggingface_hub` uses.
    """

    def __init__(self, readers: Sequence[ArtifactReader], cache: Path | None = None) -> None:
        self._readers = tuple(readers)
        self._cache = cache

    def find(
        self,
        interpretation: Interpretation,
        lookup: Lookup,  # noqa: ARG002 - it never uses the network
    ) -> ResolvedModel | None:
        """Return the model of a Hub reference, or None for any other reading.

        Raises:
            NotMaterialized: The revision, or a part of it, is not in the cache
                (`not-downloaded`).
            ModelNotFound: It has no such variant (`model-not-found`).
            ConfigurationError: It holds several models (`invalid-reference`), or may not be read
                (`unreadable-input`).
            LoadFailed: A file is malformed (`malformed-file`).
        """
        match interpretation:
            case HubRepository():
                return self._find(interpretation)
            case _:
                return None

    def discover(self, models_dir: Path) -> tuple[ResolvedModel, ...]:  # noqa: ARG002 - the port's
        """Return nothing: the cache does not lie under `models_dir`."""
        return ()

    def known_names(self, models_dir: Path) -> tuple[str, ...]:  # noqa: ARG002 - the port's
        """Return the repositories in the cache."""
        return repositories(self._folder())

    def _folder(self) -> Path:
        return default_cache() if self._cache is None else self._cache

    def _find(self, wanted: HubRepository) -> ResolvedModel:
        try:
            place = snapshot(self._folder(), wanted.repository, wanted.revision)
            described = () if place is None else self._read(place)
        except OSError as error:
            raise unreadable(self._folder(), error) from error
        except LoadFailed as error:
            if "missing" in error.context:
                raise _not_downloaded(wanted, error.message) from error
            raise
        if place is None or not described:
            raise _not_downloaded(wanted, None)
        chosen = described if wanted.variant is None else _variant(wanted, described)
        if not one_model(chosen):
            raise several_models(wanted.repository, chosen)
        return merged(
            chosen,
            reference=_text(wanted),
            location=f"{wanted.repository}@{place.name}",
            resolved_as="hub",
            fallback_name=wanted.repository.rpartition("/")[2],
        )

    def _read(self, place: Path) -> tuple[DescribedArtifact, ...]:
        """Return the artifacts of a snapshot; large GGUFs often lie in a folder each."""
        below = sorted({file.parent for file in place.glob("*/*.gguf")})
        return tuple(
            found
            for folder in (place, *below)
            for reader in self._readers
            for found in reader.read(folder)
        )


def _text(wanted: HubRepository) -> str:
    revision = f"@{wanted.revision}" if wanted.revision else ""
    variant = f":{wanted.variant}" if wanted.variant else ""
    return f"{wanted.repository}{revision}{variant}"


def _variant(
    wanted: HubRepository, described: Sequence[DescribedArtifact]
) -> tuple[DescribedArtifact, ...]:
    """Return the artifacts whose file name ends in the variant, else those rounded like it.

    File names tell more: `UD-Q4_K_XL` and `Q4_K_M` have the same type in their headers.
    """
    variant = (wanted.variant or "").casefold()
    named = tuple(one for one in described if _name(one).endswith(("-" + variant, "." + variant)))
    rounded = tuple(
        one for one in described if one.artifact.quantization.name.casefold() == variant
    )
    if chosen := named or rounded:
        return chosen
    present = sorted({one.artifact.quantization.name for one in described})
    raise ModelNotFound(
        f"`{wanted.repository}` has no variant `{wanted.variant}` in the Hugging Face cache",
        code="model-not-found",
        context={"repository": wanted.repository, "variant": wanted.variant, "present": present},
        note=f"there is {listed(present)}",
        hint=f"name one of these, or run `hf download {wanted.repository}` for the others",
    )


def _name(described: DescribedArtifact) -> str:
    return _PART_SUFFIX.sub("", described.artifact.id).casefold()


def _not_downloaded(wanted: HubRepository, why: str | None) -> NotMaterialized:
    revision = f" --revision {wanted.revision}" if wanted.revision else ""
    return NotMaterialized(
        f"`{_text(wanted)}` is not in the Hugging Face cache",
        code="not-downloaded",
        context={"repository": wanted.repository, "revision": wanted.revision},
        note=why,
        hint=f"hf download {wanted.repository}{revision}",
    )
