"""What every `ModelStore` promises."""

import os
from pathlib import Path

import pytest

from lmrt.adapters.filesystem import LocalModelSource
from lmrt.adapters.stores.deleting import delete
from lmrt.application.resolver import Resolver
from lmrt.domain.models import ArtifactFormat
from lmrt.domain.references import Lookup
from lmrt.domain.stores import FileIdentity, StoredModel
from lmrt.ports.stores import ModelStore
from tests.support import stores
from tests.support.downloads import hub_source
from tests.support.tiny_models import TinyModel, write_gguf

TINY = TinyModel(layers=1, vocabulary=300)


class ModelStoreContract:
    """The promises; a subclass says how the store's owner writes a model into it."""

    name: str

    def store(self, root: Path) -> ModelStore:
        """Return the store under a root."""
        raise NotImplementedError

    def write(self, root: Path, data: bytes) -> None:
        """Write a GGUF of that content as the model `name`."""
        raise NotImplementedError

    def write_broken(self, root: Path) -> None:
        """Write another model, whose GGUF is truncated."""
        raise NotImplementedError

    @pytest.fixture
    def gguf(self, tmp_path: Path) -> bytes:
        return write_gguf(TINY, tmp_path / "source" / "tiny.gguf").read_bytes()

    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        return tmp_path / "store"

    def only(self, root: Path) -> StoredModel:
        [model] = self.store(root).contents(()).models
        return model

    def test_a_model_is_found_with_what_is_known_of_it(self, root: Path, gguf: bytes) -> None:
        self.write(root, gguf)
        model = self.only(root)
        assert model.name == self.name
        assert model.id == f"{self.store(root).name}:{self.name}"
        assert (model.format, model.quantization) == (ArtifactFormat.GGUF, "F32")
        assert (model.architecture, model.trained_context) == ("llama", TINY.context)
        assert [file.size for file in model.weights] == [len(gguf)]
        told = model.weights[0].path.stat()
        assert model.weights[0].identity == FileIdentity(told.st_dev, told.st_ino)
        assert model.size >= len(gguf)

    def test_its_reference_leads_to_it(self, root: Path, gguf: bytes) -> None:
        self.write(root, gguf)
        model = self.only(root)
        sources = (LocalModelSource(stores.READERS, {}), hub_source(root))
        resolver = Resolver(sources, {})
        resolved = resolver.resolve(model.reference, Lookup(root, offline=True))
        [artifact] = resolved.artifacts
        assert artifact.files[0].size == len(gguf)

    def test_a_broken_model_is_told_and_hides_no_other(self, root: Path, gguf: bytes) -> None:
        self.write(root, gguf)
        self.write_broken(root)
        contents = self.store(root).contents(())
        assert [model.name for model in contents.models] == [self.name]
        [finding] = contents.findings
        assert finding.message
        assert str(root) in str(finding.path)

    def test_nothing_is_found_where_nothing_is(self, root: Path) -> None:
        contents = self.store(root).contents(())
        assert (contents.models, contents.findings) == ((), ())

    def test_a_folder_that_may_not_be_read_is_told(self, root: Path, gguf: bytes) -> None:
        self.write(root, gguf)
        root.chmod(0)
        try:
            if os.access(root, os.R_OK):
                pytest.skip("this user may read everything")
            contents = self.store(root).contents(())
        finally:
            root.chmod(0o755)
        assert contents.models == ()
        assert {finding.code for finding in contents.findings} == {"unreadable"}

    def test_a_store_that_may_not_be_reached_is_told(self, root: Path, gguf: bytes) -> None:
        inner = root / "inner"
        self.write(inner, gguf)
        root.chmod(0)
        try:
            if os.access(root, os.R_OK):
                pytest.skip("this user may read everything")
            contents = self.store(inner).contents(())
        finally:
            root.chmod(0o755)
        assert contents.models == ()
        assert {finding.code for finding in contents.findings} == {"unreadable"}

    def test_a_file_that_may_not_be_read_is_told(self, root: Path, gguf: bytes) -> None:
        self.write(root, gguf)
        [path] = {Path(os.path.realpath(file.path)) for file in self.only(root).weights}
        path.chmod(0)
        if os.access(path, os.R_OK):
            pytest.skip("this user may read everything")
        contents = self.store(root).contents(())
        assert contents.models == ()
        assert {finding.code for finding in contents.findings} == {"unreadable"}

    def test_removal_is_told_before_and_done_after(self, root: Path, gguf: bytes) -> None:
        self.write(root, gguf)
        store, model = self.store(root), self.only(root)
        before = _bytes(root)
        removal = store.removal(model)
        assert _bytes(root) == before
        store.remove(removal)
        contents = store.contents(())
        assert (contents.models, contents.findings) == ((), ())
        assert before - _bytes(root) == removal.freed >= len(gguf)

    def test_a_crash_in_the_middle_leaves_a_store_that_can_be_read(
        self, root: Path, gguf: bytes
    ) -> None:
        self.write(root, gguf)
        removal = self.store(root).removal(self.only(root))
        for path in removal.files:
            delete((path,), ())
            contents = self.store(root).contents(())
            assert all(model.weights[0].path.stat().st_size for model in contents.models)
        assert self.store(root).contents(()).models == ()

    def test_bytes_that_another_name_leads_to_are_not_freed(
        self, root: Path, tmp_path: Path, gguf: bytes
    ) -> None:
        self.write(root, gguf)
        model = self.only(root)
        os.link(os.path.realpath(model.weights[0].path), tmp_path / "kept.gguf")
        store = self.store(root)
        removal = store.removal(model)
        assert removal.freed < len(gguf)
        store.remove(removal)
        assert (tmp_path / "kept.gguf").read_bytes() == gguf


def _bytes(root: Path) -> int:
    files = [path.lstat() for path in root.rglob("*") if path.is_file() and not path.is_symlink()]
    return sum({(told.st_dev, told.st_ino): told.st_size for told in files}.values())


class TestModelsDir(ModelStoreContract):
    name = "org/tiny"

    def store(self, root: Path) -> ModelStore:
        return stores.models_dir_store(root)

    def write(self, root: Path, data: bytes) -> None:
        _file(root / "org" / "tiny" / "tiny.gguf", data)

    def write_broken(self, root: Path) -> None:
        _file(root / "broken" / "broken.gguf", b"GGUF")


class TestLmStudio(TestModelsDir):
    def store(self, root: Path) -> ModelStore:
        return stores.lm_studio_store(root)


class TestHuggingFace(ModelStoreContract):
    name = "org/tiny"

    def store(self, root: Path) -> ModelStore:
        return stores.hugging_face_store(root)

    def write(self, root: Path, data: bytes) -> None:
        stores.hugging_face(root, "org/tiny", {"tiny-F32.gguf": data, "README.md": b"# tiny"})

    def write_broken(self, root: Path) -> None:
        stores.hugging_face(root, "org/broken", {"broken.gguf": b"GGUF"})


class TestOllama(ModelStoreContract):
    name = "tiny:latest"

    def store(self, root: Path) -> ModelStore:
        return stores.ollama_store(root)

    def write(self, root: Path, data: bytes) -> None:
        layers = [
            stores.ollama_blob(root, data, stores.MODEL_LAYER),
            stores.ollama_blob(root, b"{{ .Prompt }}", stores.TEMPLATE_LAYER),
        ]
        stores.ollama(root, "tiny", layers)

    def write_broken(self, root: Path) -> None:
        layer = stores.ollama_blob(root, b"GGUF", stores.MODEL_LAYER)
        stores.ollama(root, "broken", [layer])


class TestNewerOllama(TestOllama):
    def write(self, root: Path, data: bytes) -> None:
        layer = stores.ollama_blob(root, data, stores.MODEL_LAYER)
        stores.ollama(root, "tiny", [layer], newer=True)


class TestLlamaCpp(ModelStoreContract):
    name = "org_tiny_tiny.gguf"

    def store(self, root: Path) -> ModelStore:
        return stores.llama_cpp_store(root)

    def write(self, root: Path, data: bytes) -> None:
        stores.llama_cpp(root, "org/tiny", {"tiny.gguf": data})

    def write_broken(self, root: Path) -> None:
        stores.llama_cpp(root, "org/broken", {"broken.gguf": b"GGUF"})


def _file(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
