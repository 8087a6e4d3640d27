"""The client, and what else loads models by this machine's parts."""

import time
from typing import TYPE_CHECKING

from lmrt.application.client import RuntimeClient as _RuntimeClient
from lmrt.application.executor import RuntimeExecutor
from lmrt.application.loader import RuntimeLoader
from lmrt.application.resolver import Resolver
from lmrt.bootstrap.documents import plan_document, transcripts
from lmrt.bootstrap.engines import backends, isolated
from lmrt.bootstrap.machine import machine_probe
from lmrt.bootstrap.models import model_sources, tokenizers
from lmrt.domain.plans import RuntimePlan
from lmrt.domain.references import Aliases
from lmrt.ports.models import DownloadProgress

if TYPE_CHECKING:
    from collections.abc import Callable

    from lmrt.application.parity import ParityCheck
    from lmrt.domain.benches import BenchReport, BenchRequest
    from lmrt.ports.speed import SpeedLedger


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
            transcripts=transcripts(),
            plan_payload=plan_document,
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
        resolver=Resolver(model_sources(aliases, hub, downloads), aliases),
        backends=apart if always_isolated else here,
        isolated=apart,
        machine=machine_probe(),
        materializer=HubMaterializer(hub, LocalMaterializer()),
        tokenizers=tokenizers(),
        clock=time.perf_counter,
        downloads=downloads,
        saved=saved,
        ledger=ledger,
    )


def _executor(ledger: "SpeedLedger | None" = None) -> RuntimeExecutor:
    from lmrt.adapters.templates import JinjaRenderer

    return RuntimeExecutor(renderer=JinjaRenderer(), clock=time.perf_counter, ledger=ledger)
