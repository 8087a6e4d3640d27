"""The composition root: the only place that knows every adapter."""

import json
import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lmrt.application.client import RuntimeClient as _RuntimeClient
from lmrt.application.executor import RuntimeExecutor
from lmrt.application.loader import RuntimeLoader
from lmrt.application.resolver import Resolver
from lmrt.domain.catalogue import Catalogue
from lmrt.domain.models import ArtifactFormat
from lmrt.domain.payloads import PlanJsonPayload
from lmrt.domain.plans import RuntimePlan
from lmrt.domain.references import Aliases
from lmrt.domain.transcripts import Transcript
from lmrt.ports.backend import Backend
from lmrt.ports.machine import MachineProbe
from lmrt.ports.models import ArtifactReader, DownloadProgress, ModelSource
from lmrt.ports.text import TokenizerFactory
from lmrt.ports.transcripts import TranscriptStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from lmrt.adapters.huggingface import HubClient
    from lmrt.adapters.stores import PlaceReader
    from lmrt.application.parity import ParityCheck
    from lmrt.application.stores import Stores
    from lmrt.domain.benches import BenchReport, BenchRequest
    from lmrt.domain.remedies_engine import EngineAdvice
    from lmrt.domain.remedies_machine import MemoryHolder
    from lmrt.domain.stores import StorePlaces
    from lmrt.ports.doctor import Examiner, HealthCheck
    from lmrt.ports.speed import SpeedLedger


_WORKER = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from lmrt.bootstrap import worker_main; worker_main(int(sys.argv[2]))"
)
"""What a worker process runs."""


class RuntimeClient(_RuntimeClient):
    """High-level runtime API, composed of this machine's parts; safe to use from several threads.

    The client keeps the last loaded runtime and loads another only when a request asks for
    another configuration. Use it in a `with` block, or call `close`.

    Args:
        runtime_loader: Stands in for the loader of this machine.
        runtime_executor: Stands in for the executor.

    Attributes:
        runtime_loader: Resolver, planner, materialization and backend-loading boundary.
        runtime_executor: Prompt execution boundary used once a runtime has been loaded.
    """

    def __init__(
        self,
        runtime_loader: RuntimeLoader | None = None,
        runtime_executor: RuntimeExecutor | None = None,
    ) -> None:
        super().__init__(
            runtime_loader or _loader({}),
            runtime_executor or _executor(),
            transcripts=_transcripts(),
            plan_payload=_plan_payload,
        )


def runtime_client(
    *,
    aliases: Aliases,
    downloads: DownloadProgress | None = None,
    saved: RuntimePlan | None = None,
    ledger: "SpeedLedger | None" = None,
    always_isolated: bool = False,
) -> RuntimeClient:
    """Return a client that knows the user's own short names.

    Args:
        aliases: Those names.
        downloads: Told of every download, and of the headers that are read before it.
        saved: A plan to load by, in place of one made anew.
        ledger: Keeps how fast runs were, which corrects later plans; None for nowhere.
        always_isolated: Whether every engine runs in a process of its own, as a server wants it;
            else where memory is nearly full.
    """
    loader = _loader(aliases, downloads, saved, ledger, always_isolated=always_isolated)
    return RuntimeClient(loader, _executor(ledger))


def speed_ledger(tell: "Callable[[str], None]") -> "SpeedLedger":
    """Return the ledger of this user's runs; `tell` is told what is wrong with it, once."""
    from lmrt.adapters.ledger import FileSpeedLedger

    return FileSpeedLedger(_cache() / "speeds.jsonl", tell)


def run_bench(
    request: "BenchRequest",
    *,
    aliases: Aliases,
    downloads: DownloadProgress | None,
    ledger: "SpeedLedger | None",
    tell: "Callable[[str], None]",
) -> "BenchReport":
    """Measure how fast a model is here; the machine too, where that was not done before.

    Args:
        request: What to measure.
        aliases: The user's own short names.
        downloads: Told of every download.
        ledger: Keeps the result; None for nowhere.
        tell: Told what is being done.
    """
    from lmrt.application.bench import bench

    tell("measuring the machine")
    machine_probe(measure=True).inspect()
    loader = _loader(aliases, downloads, ledger=ledger)
    return bench(loader, request, time.perf_counter, ledger, tell)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all; raises OSError where that is not possible."""
    from lmrt.adapters.filesystem import atomic_write

    atomic_write(path, data)


def parity_check(*, aliases: Aliases, downloads: DownloadProgress | None = None) -> "ParityCheck":
    """Return the check that compares this machine's backends.

    Args:
        aliases: The user's own short names.
        downloads: Told of every download, and of the headers that are read before it.
    """
    from lmrt.adapters.templates import JinjaRenderer
    from lmrt.application.parity import ParityCheck

    return ParityCheck(
        _loader(aliases, downloads), renderer=JinjaRenderer(), clock=time.perf_counter
    )


def machine_probe(*, measure: bool = False) -> MachineProbe:
    """Return the probe of this machine.

    Args:
        measure: Whether to measure how fast it is where nobody did before, which takes 2 seconds;
            else it tells what was measured, if anything.
    """
    from lmrt.adapters.filesystem import atomic_write
    from lmrt.adapters.machine import (
        MeasuredMachineProbe,
        SystemMachineProbe,
        measure_in_child,
    )

    return MeasuredMachineProbe(
        probe=SystemMachineProbe(),
        path=_cache() / "machine.json",
        write=atomic_write,
        measure=measure_in_child if measure else None,
    )


def _cache() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("lmrt", appauthor=False)


def examiner(command: Sequence[str], seconds: float) -> "Examiner":
    """Return what tries backends out for the doctor.

    Args:
        command: Begins the child process that tries one.
        seconds: How long a child may take.
    """
    from lmrt.adapters.children import ChildExaminer
    from lmrt.wire.examination import read_report_line

    return ChildExaminer(command, read_report_line, seconds)


def engine_advice() -> "Mapping[str, EngineAdvice]":
    """Return the commands that mend each backend's engine, by the backend's id."""
    from lmrt.adapters.llama_cpp.advice import ADVICE as LLAMA_CPP
    from lmrt.adapters.mlx.advice import ADVICE as MLX
    from lmrt.adapters.torch.advice import ADVICE as TORCH

    return {"llama.cpp": LLAMA_CPP, "mlx": MLX, "torch": TORCH}


def memory_holders() -> "tuple[MemoryHolder, ...]":
    """Return the programs that hold most of the memory."""
    from lmrt.adapters.machine.health import memory_holders

    return memory_holders()


def health_checks(
    models_dir: Path | None, *, token: str | None, online: bool
) -> "tuple[HealthCheck, ...]":
    """Return what looks at the setup for the doctor.

    Args:
        models_dir: Root of local models, or None for the default one.
        token: What the environment gives as the Hub's token, or None.
        online: Whether the Hub is asked; else no socket is opened.
    """
    from lmrt.adapters.filesystem.health import FoldersCheck
    from lmrt.adapters.huggingface.cache import default_cache
    from lmrt.adapters.huggingface.cache_health import CacheCheck
    from lmrt.adapters.huggingface.hub_health import HubCheck
    from lmrt.adapters.machine.health import FileLimitCheck

    home, cache = Path.home(), default_cache()
    return (
        FoldersCheck(models_dir, bundled_models()),
        FileLimitCheck(),
        CacheCheck(cache, home, usual=cache == home / ".cache" / "huggingface" / "hub"),
        HubCheck(token, online),
    )


def bundled_models() -> Mapping[str, Path]:
    """Return the folders of the models that come with lmrt, by alias."""
    from lmrt.adapters.filesystem import bundled_models

    return bundled_models()


def stores(models_dir: Path, places: "StorePlaces") -> "Stores":
    """Return the view over every store of models on this machine.

    Args:
        models_dir: Root of local models.
        places: Where the stores of other tools are.
    """
    from lmrt.adapters import stores as found
    from lmrt.adapters.filesystem import model_folders
    from lmrt.adapters.huggingface.cache import default_cache
    from lmrt.application.stores import Stores
    from lmrt.domain.stores import StoreName

    reader = _place_reader(places)

    def folders(name: StoreName, roots: Iterable[Path], refer: found.Refer) -> found.FolderStore:
        return found.FolderStore(name, tuple(roots), reader=reader, walk=model_folders, refer=refer)

    return Stores(
        (
            folders(StoreName.BUNDLED, bundled_models().values(), found.bundled),
            found.HuggingFaceStore(default_cache(), reader, model_folders),
            found.OllamaStore(places.ollama, reader),
            folders(StoreName.LM_STUDIO, found.lm_studio_roots(places.home), found.by_path),
            found.LlamaCppStore(places.llama_cpp, reader),
            folders(StoreName.MODELS_DIR, [models_dir], found.below_models_dir),
        ),
        found.DiskContent(),
    )


def catalogue() -> Catalogue:
    """Return the short names of well-known models with what stands behind them."""
    from lmrt.adapters.catalogue import read_catalogue

    return read_catalogue()


def backends() -> tuple[Backend, ...]:
    """Return every backend, whether or not it can run here."""
    from lmrt.adapters.llama_cpp import llama_cpp_backend
    from lmrt.adapters.mlx import mlx_backend
    from lmrt.adapters.torch import torch_backend

    return (llama_cpp_backend(), mlx_backend(), torch_backend())


def isolated(inner: Iterable[Backend]) -> tuple[Backend, ...]:
    """Return backends that run their engine in a process of its own, one for each of these."""
    from lmrt.adapters.worker import WorkerBackend

    # The same packages as here, and nothing of the folder that the process happens to start in
    command = (sys.executable, "-P", "-c", _WORKER, json.dumps(sys.path))
    return tuple(WorkerBackend(backend, command, _plan_payload) for backend in inner)


def worker_main(descriptor: int) -> None:
    """Serve one engine to the process that started this one, until it wants no more.

    Args:
        descriptor: Number of this process's end of the socket.
    """
    from lmrt.adapters.llama_cpp.logs import echo
    from lmrt.adapters.worker import serve
    from lmrt.wire.plan import plan_from_payload

    # It would attach a debugger to tell where it aborts, and say nothing else for a screenful
    os.environ["GGML_NO_BACKTRACE"] = "1"
    echo(sys.stderr)
    serve(descriptor, {backend.id: backend for backend in backends()}, plan_from_payload)


def _loader(
    aliases: Aliases,
    downloads: DownloadProgress | None = None,
    saved: RuntimePlan | None = None,
    ledger: "SpeedLedger | None" = None,
    *,
    always_isolated: bool = False,
) -> RuntimeLoader:
    from lmrt.adapters.filesystem import LocalMaterializer
    from lmrt.adapters.huggingface import HubClient, HubMaterializer

    hub = HubClient()
    here = backends()
    apart = isolated(here)
    return RuntimeLoader(
        resolver=Resolver(_sources(aliases, hub, downloads), aliases),
        backends=apart if always_isolated else here,
        isolated=apart,
        machine=machine_probe(),
        materializer=HubMaterializer(hub, LocalMaterializer()),
        tokenizers=_tokenizers(),
        clock=time.perf_counter,
        downloads=downloads,
        saved=saved,
        ledger=ledger,
    )


def _executor(ledger: "SpeedLedger | None" = None) -> RuntimeExecutor:
    from lmrt.adapters.templates import JinjaRenderer

    return RuntimeExecutor(renderer=JinjaRenderer(), clock=time.perf_counter, ledger=ledger)


def _sources(
    aliases: Aliases, client: "HubClient", progress: DownloadProgress | None
) -> tuple[ModelSource, ...]:
    from platformdirs import user_cache_path

    from lmrt.adapters.catalogue import CatalogueSource, OwnVariantsSource
    from lmrt.adapters.filesystem import LocalModelSource
    from lmrt.adapters.gguf import GgufSketcher
    from lmrt.adapters.huggingface import HubMetadata, HubModelSource
    from lmrt.adapters.safetensors import SafetensorsSketcher

    readers = _readers()
    sketchers = (GgufSketcher(), SafetensorsSketcher())
    local = LocalModelSource(readers, bundled_models())
    metadata = HubMetadata(client, readers, sketchers, user_cache_path("lmrt"))
    hub = HubModelSource(readers, client, metadata, progress=progress)
    return (OwnVariantsSource(aliases, local, hub), local, CatalogueSource(hub), hub)


def _place_reader(places: "StorePlaces") -> "PlaceReader":
    from lmrt.adapters import gguf, safetensors
    from lmrt.adapters import stores as found
    from lmrt.adapters.filesystem import atomic_write

    kept = None
    if places.cache is not None:
        version = found.sources_version(gguf, safetensors, found)
        kept = found.CacheFile(places.cache / "stores.json", version, atomic_write)
    return found.PlaceReader(_readers(), found.FactsCache(kept))


def _readers() -> tuple[ArtifactReader, ...]:
    from lmrt.adapters.gguf import GgufReader
    from lmrt.adapters.safetensors import SafetensorsReader

    return (GgufReader(), SafetensorsReader())


def _tokenizers() -> Mapping[ArtifactFormat, TokenizerFactory]:
    from lmrt.adapters.gguf import check_vocabulary
    from lmrt.adapters.llama_cpp import gguf_tokenizers
    from lmrt.adapters.tokenizers import HfTokenizerFactory

    directories = HfTokenizerFactory()
    return {
        ArtifactFormat.GGUF: gguf_tokenizers(check_vocabulary),
        ArtifactFormat.SAFETENSORS: directories,
        ArtifactFormat.MLX: directories,
        ArtifactFormat.PICKLE: directories,
    }


def _transcripts() -> TranscriptStore:
    from lmrt.adapters.filesystem import atomic_write
    from lmrt.adapters.transcripts import FileTranscripts

    return FileTranscripts(_encode_transcript, _decode_transcript, atomic_write)


def _plan_payload(plan: RuntimePlan) -> PlanJsonPayload:
    from lmrt.wire.plan import plan_payload

    return plan_payload(plan)


def _encode_transcript(transcript: Transcript) -> str:
    from lmrt.wire.transcript import transcript_text

    return transcript_text(transcript)


def _decode_transcript(text: str) -> Transcript:
    from lmrt.wire.transcript import transcript_from_text

    return transcript_from_text(text)
