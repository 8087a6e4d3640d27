"""The same weights in several places, found without reading them whole."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from lmrt.domain.stores import Duplicate, Sha256, StoredFile, StoredModel, bytes_on_disk

Sample = Callable[[StoredFile], str]


def duplicates(models: Iterable[StoredModel], sample: Sample) -> tuple[Duplicate, ...]:
    """Return which models hold the same weights more than once, the most wasteful first.

    Args:
        models: All that are here.
        sample: Returns a digest of parts of a file; called only for files whose sizes agree and
            whose hashes are not all recorded.
    """
    by_sizes: dict[tuple[int, ...], list[StoredModel]] = defaultdict(list)
    for model in models:
        by_sizes[tuple(sorted(file.size for file in model.weights))].append(model)
    found = [
        _duplicate(same)
        for sizes, group in by_sizes.items()
        if sum(sizes) and _copies(group) > 1
        for same in _same_content(group, sample)
        if _copies(same) > 1
    ]
    return tuple(sorted(found, key=lambda one: (-one.wasted, one.models[0].id)))


def _copies(models: Sequence[StoredModel]) -> int:
    return len({_identities(model) for model in models})


def _identities(model: StoredModel) -> frozenset[object]:
    return frozenset(file.identity for file in model.weights)


def _same_content(models: Sequence[StoredModel], sample: Sample) -> list[list[StoredModel]]:
    if all(_hash(file) for model in models for file in model.weights):
        return _grouped(models, lambda file: _hash(file) or "")
    groups = []
    for alike in _grouped(models, sample):
        groups += _without_conflict(alike, sample)
    return groups


def _grouped(
    models: Sequence[StoredModel], key: Callable[[StoredFile], str]
) -> list[list[StoredModel]]:
    groups: dict[tuple[str, ...], list[StoredModel]] = defaultdict(list)
    for model in models:
        groups[tuple(sorted(key(file) for file in model.weights))].append(model)
    return list(groups.values())


def _without_conflict(models: Sequence[StoredModel], sample: Sample) -> list[list[StoredModel]]:
    """Part models that look the same where recorded hashes say that they are not."""
    groups: list[tuple[dict[str, str], list[StoredModel]]] = []
    for model in models:
        told = {sample(file): digest for file in model.weights if (digest := _hash(file))}
        for known, group in groups:
            if all(known.get(place, digest) == digest for place, digest in told.items()):
                known.update(told)
                group.append(model)
                break
        else:
            groups.append((told, [model]))
    return [group for _, group in groups]


def _hash(file: StoredFile) -> str | None:
    return file.content.digest if isinstance(file.content, Sha256) else None


def _duplicate(models: Sequence[StoredModel]) -> Duplicate:
    ordered = tuple(sorted(models, key=lambda model: model.id))
    every = bytes_on_disk(tuple(file for model in ordered for file in model.weights))
    return Duplicate(
        models=ordered,
        copies=_copies(ordered),
        wasted=every - bytes_on_disk(ordered[0].weights),
        proven=all(_hash(file) for model in ordered for file in model.weights),
    )
