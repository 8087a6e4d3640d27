"""One model out of the repositories and folders that hold forms of it."""

from collections.abc import Iterator, Sequence

from attrs import evolve

from lmrt.adapters.catalogue.errors import none_found
from lmrt.domain.describe import merged, same_sizes
from lmrt.domain.errors import LmrtError
from lmrt.domain.models import ArtifactFormat, DescribedArtifact, ResolvedModel
from lmrt.domain.notices import Notice, VariantLeftOut

_FORMATS = frozenset(ArtifactFormat)


def one_model_of(
    alias: str,
    answers: Sequence[tuple[str, ResolvedModel | LmrtError]],
    *,
    offline: bool,
    name: str | None = None,
) -> ResolvedModel:
    """Return the model with the artifacts of every place that has them.

    A place that has none, or whose layers and widths are not those of the first that has some, is
    left out with a notice; offline, one that is only not here is left out in silence.

    Args:
        alias: What stands for them.
        answers: At least one: a place's name for people, which also begins the ids of its
            artifacts, and what it holds; in the order that they count where they tell the same.
        offline: Whether what is not here was not to be asked for.
        name: The model's name where no place tells one.

    Raises:
        LmrtError: No place has it; of the first one's kind, and it names every reason.
    """
    failures = [(label, one) for label, one in answers if isinstance(one, LmrtError)]
    found = [(label, one) for label, one in answers if isinstance(one, ResolvedModel)]
    if not found:
        raise none_found(alias, failures)
    alike, others = _parted(found)
    model = merged(
        tuple(one for label, model in alike for one in _described(label, model)),
        reference=alias,
        location=", ".join(label for label, _ in alike),
        resolved_as="alias",
        fallback_name=name or alias,
    )
    notices = (
        *_failed(failures, offline=offline),
        *others,
        *(notice for _, one in alike for notice in one.notices),
    )
    return evolve(model, notices=tuple(dict.fromkeys(notices)))


def _parted(
    found: Sequence[tuple[str, ResolvedModel]],
) -> tuple[list[tuple[str, ResolvedModel]], list[Notice]]:
    """Return the models that can be the first one, and notices of those that cannot."""
    first, told = found[0]
    alike: list[tuple[str, ResolvedModel]] = []
    notices: list[Notice] = []
    for label, model in found:
        if same_sizes(told.shape, model.shape):
            alike.append((label, model))
        else:
            notices.append(VariantLeftOut(label, f"its layers are not those of `{first}`"))
    return alike, notices


def _failed(failures: Sequence[tuple[str, LmrtError]], *, offline: bool) -> Iterator[Notice]:
    for label, error in failures:
        if not (offline and error.code == "not-downloaded"):
            yield VariantLeftOut(label, error.message)


def _described(label: str, model: ResolvedModel) -> Iterator[DescribedArtifact]:
    """Yield a place's artifacts, each with the template that its own files or its folder tell."""
    for artifact in model.artifacts:
        yield DescribedArtifact(
            artifact=evolve(artifact, id=_unique(label, artifact.id)),
            name=model.name,
            shape=model.shape,
            modalities=model.modalities,
            trained_context=model.trained_context,
            chat_template=model.told_by(artifact).chat_template,
            generation_defaults=model.generation_defaults,
            licence=model.licence,
        )


def _unique(label: str, name: str) -> str:
    """Return an artifact's id among those of other places: the place's name, then its file's.

    A folder's artifact has its format's name as id, which tells nothing beside the place.
    """
    return label if name in _FORMATS or label.endswith(f"/{name}") else f"{label}/{name}"
