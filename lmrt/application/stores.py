"""One view over every store of models on this machine."""

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from shlex import quote

from lmrt.domain.describe import listed
from lmrt.domain.duplicates import duplicates
from lmrt.domain.errors import ConfigurationError, ModelNotFound
from lmrt.domain.findings import Finding, UnreadablePlace, UnreadLayout, WrongHash, WrongSize
from lmrt.domain.stores import (
    OTHER_TOOLS,
    BrokenModel,
    Inventory,
    Removal,
    StoredFile,
    StoredModel,
    StoreName,
    Verified,
)
from lmrt.ports.stores import FileContent, ModelStore

_OWNERS = {
    StoreName.OLLAMA: "Ollama",
    StoreName.LM_STUDIO: "LM Studio",
    StoreName.LLAMA_CPP: "llama.cpp",
}
_OWN_COMMANDS = {
    StoreName.OLLAMA: "`ollama rm {name}` removes it as well",
    StoreName.LM_STUDIO: "LM Studio removes it under My Models",
    StoreName.LLAMA_CPP: "llama.cpp downloads it again when it is asked for",
}


class Stores:
    """Lists, verifies and removes what lies in the stores.

    Args:
        stores: In the order in which they are shown. Where two have the same root, its models
            belong to the first.
        content: Looks at files' bytes.
    """

    def __init__(self, stores: Sequence[ModelStore], content: FileContent) -> None:
        self._stores = tuple(stores)
        self._content = content

    def inventory(self) -> Inventory:
        """Return everything that is here. Headers alone are read, and no socket is opened."""
        models, findings = self._contents()
        return Inventory(models, findings, duplicates(models, self._sample))

    def find(self, text: str) -> StoredModel:
        """Return the model that a text names: as `STORE:NAME`, else reference or path, else name.

        Raises:
            ModelNotFound: No model here has that name (`model-not-found`).
            ConfigurationError: Several have (`invalid-reference`).
        """
        models, findings = self._contents()
        try:
            return find(text, models)
        except ModelNotFound as error:
            raise _unsound(text, findings) or error from None

    def find_broken(self, text: str) -> BrokenModel | None:
        """Return what is broken and named by a text, or None where nothing is.

        It is named by the path that a listing tells, or as its store names it, both with `STORE:`
        before it or without.
        """
        by_name: list[tuple[StoreName, Finding]] = []
        for store, finding in self._contents()[1]:
            if isinstance(finding, UnreadLayout | UnreadablePlace):
                continue  # it may well be sound
            path = str(finding.path)
            if text in (path, f"{store}:{path}"):
                return BrokenModel(store, path, (finding,))
            name = self._store(store).name_of(finding.path)
            if name is not None and text in (name, f"{store}:{name}"):
                by_name.append((store, finding))
        if not by_name:
            return None
        owner = by_name[0][0]
        name = text.removeprefix(f"{owner}:")
        return BrokenModel(owner, name, tuple(one for store, one in by_name if store is owner))

    def models(self) -> tuple[StoredModel, ...]:
        """Return all models that are here, store by store."""
        return self._contents()[0]

    def removal(self, model: StoredModel | BrokenModel, *, force: bool) -> Removal:
        """Return what removing a model would do; nothing is done.

        Args:
            model: The model, or what is broken.
            force: Whether another tool's store may be touched.

        Raises:
            ConfigurationError: It came with lmrt (`bundled-model`), lies in another tool's store
                and `force` is not set (`foreign-store`), or as `ModelStore.removal` says.
        """
        _refuse_protected(model, force=force)
        store = self._store(model.store)
        match model:
            case StoredModel():
                return store.removal(model)
            case BrokenModel():
                sound = frozenset(file.path for one in self.models() for file in one.files)
                return store.broken_removal(model, sound)

    def remove(self, removal: Removal) -> None:
        """Do what a removal says; see `ModelStore.remove`."""
        self._store(removal.model.store).remove(removal)

    def verify(self, model: StoredModel) -> Iterator[Verified]:
        """Look at each of a model's files, and read those whole whose hash is recorded.

        The headers were read when the model was found.
        """
        return (self._verified(file) for file in model.files)

    def _contents(self) -> tuple[tuple[StoredModel, ...], tuple[tuple[StoreName, Finding], ...]]:
        models: list[StoredModel] = []
        findings: list[tuple[StoreName, Finding]] = []
        for number, store in enumerate(self._stores):
            contents = store.contents(self._elsewhere(number))
            models += contents.models
            findings += [(store.name, finding) for finding in contents.findings]
        return tuple(models), tuple(findings)

    def _elsewhere(self, number: int) -> tuple[Path, ...]:
        """Return the roots that a store leaves to the others."""
        own = self._stores[number].roots
        return tuple(
            root
            for other, store in enumerate(self._stores)
            for root in store.roots
            if other < number or (other > number and root not in own)
        )

    def _sample(self, file: StoredFile) -> str:
        try:
            return self._content.sample(file.path, file.size)
        except ConfigurationError:
            # A file that cannot be read is like no other; that it cannot be is told elsewhere.
            return str(file.identity)

    def _verified(self, file: StoredFile) -> Verified:
        try:
            size = self._content.size(file.path)
            if size != file.size:
                return Verified(file, False, WrongSize(file.path, file.size, size))
            if file.content is None:
                return Verified(file, False, None)
            found = self._content.hash(file.path, file.content)
        except ConfigurationError as error:
            return Verified(file, False, UnreadablePlace(file.path, error.message))
        if found == file.content:
            return Verified(file, True, None)
        wrong = WrongHash(file.path, recorded=file.content.digest, found=found.digest)
        return Verified(file, True, wrong)

    def _store(self, name: StoreName) -> ModelStore:
        return next(store for store in self._stores if store.name is name)


def find(text: str, models: Sequence[StoredModel]) -> StoredModel:
    """Return the one of the models that a text names; see `Stores.find`."""
    named: list[StoredModel] = []
    for names in (_ids, _references, _names):
        named = named or [model for model in models if text in names(model)]
    if len(named) > 1:
        ids = [model.id for model in named]
        raise ConfigurationError(
            f"`{text}` names {len(named)} models here",
            code="invalid-reference",
            context={"reference": text, "models": ids},
            hint=f"name one of them: {listed(ids)}",
        )
    if not named:
        known = sorted({name for model in models for name in (model.id, model.name)})
        close = get_close_matches(text, known, n=3, cutoff=0.6)
        raise ModelNotFound(
            f"no model `{text}` is stored here",
            code="model-not-found",
            context={"reference": text, "close": close},
            hint=f"did you mean {' or '.join(f'`{name}`' for name in close)}?"
            if close
            else "`rt models list` shows the models that are here",
        )
    return named[0]


def _ids(model: StoredModel) -> tuple[str, ...]:
    return (model.id,)


def _references(model: StoredModel) -> tuple[str, ...]:
    names = (model.reference, str(model.location))
    return (*names, model.name) if model.store is StoreName.HUGGING_FACE else names


def _names(model: StoredModel) -> tuple[str, ...]:
    return (model.name,)


def _unsound(text: str, findings: Sequence[tuple[StoreName, Finding]]) -> ModelNotFound | None:
    """Return the error that what a text names is here, but broken, or None where it is not."""
    owner, _, rest = text.partition(":")
    name = rest if owner in set(StoreName) else text
    as_a_whole = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w-])")
    for store, finding in findings if name else ():
        if as_a_whole.search(finding.message):
            return ModelNotFound(
                f"`{text}` is here, but it is not sound",
                code="model-not-found",
                context={"reference": text, "store": str(store), "finding": finding.code},
                note=finding.message,
                hint=f"get it again, or delete it: `rt models remove {quote(str(finding.path))}`",
            )
    return None


def _refuse_protected(model: StoredModel | BrokenModel, *, force: bool) -> None:
    if model.store is StoreName.BUNDLED:
        raise ConfigurationError(
            f"`{model.name}` came with lmrt and is not removed",
            code="bundled-model",
            context={"model": model.id, "path": str(model.location)},
            hint="it goes when lmrt is uninstalled",
        )
    if model.store in OTHER_TOOLS and not force:
        raise ConfigurationError(
            f"`{model.name}` lies in the store of {_OWNERS[model.store]}",
            code="foreign-store",
            context={"model": model.id, "path": str(model.location)},
            note=_OWN_COMMANDS[model.store].format(name=model.name),
            hint="give `--force` to remove it from there all the same",
        )
