"""Writes what is planned for the catalogue's models on the machines of `tests/fixtures/machines`.

::

    python -m tests.golden.plans            writes tests/golden/plans/MACHINE.txt
    python -m tests.golden.plans --print    prints them

The models are resolved as a user's are: through the catalogue, from a Hub (on this machine) that
holds their headers and no weights. Speeds are left out, since they are measured and corrected;
what they decide is told.
"""

import re
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from attrs import evolve

from lmrt.adapters.catalogue import CatalogueSource
from lmrt.adapters.gguf import GgufReader, GgufSketcher
from lmrt.adapters.huggingface import HubClient, HubMetadata, HubModelSource
from lmrt.adapters.safetensors import SafetensorsReader, SafetensorsSketcher
from lmrt.domain.errors import NoExecutablePlan
from lmrt.domain.messages import Modality
from lmrt.domain.models import ResolvedModel
from lmrt.domain.planning import plan
from lmrt.domain.plans import (
    Alternative,
    OnCpu,
    OnDevice,
    Outranked,
    Placement,
    PlanRequest,
    Rejected,
    RuntimePlan,
    SplitLayers,
    SpreadLayers,
)
from lmrt.domain.references import Alias, Lookup
from lmrt.domain.rejections import MemoryExceeded
from lmrt.domain.sizes import format_size
from lmrt.domain.surroundings import Surroundings
from tests.golden.machines import saved, sources
from tests.support.hub_server import HubServer
from tests.support.published import MODELS, Published, serve

FOLDER = Path(__file__).parent / "plans"
_SPEEDS = re.compile(r":? about [\d,.e+]+ tokens/s, not [\d,.e+]+")


def resolved(models: Iterable[Published] = MODELS) -> Mapping[str, ResolvedModel]:
    """Return the models by alias, resolved from their headers."""
    readers = (GgufReader(), SafetensorsReader())
    sketchers = (GgufSketcher(), SafetensorsSketcher())
    with tempfile.TemporaryDirectory() as name, HubServer() as hub:
        folder = Path(name)
        client = HubClient(hub.url)
        metadata = HubMetadata(client, readers, sketchers, folder / "lmrt")
        source = HubModelSource(readers, client, metadata, folder / "cache")
        catalogue = CatalogueSource(source)
        found: dict[str, ResolvedModel] = {}
        for model in models:
            serve(hub, model, folder / "files")
            made = catalogue.find(Alias(model.alias), Lookup(folder))
            assert made is not None, model.alias
            found[model.alias] = made
        return found


def page(name: str, models: Mapping[str, ResolvedModel]) -> str:
    """Return a machine's page."""
    entry, here = sources()[name], saved(name)
    images = {Modality.IMAGE} if entry.get("images") else set()
    request = PlanRequest(modalities=frozenset({Modality.TEXT, *images}))
    lines = [f"{entry['title']} ({entry['kind']})", *_machine(here)]
    for alias, model in models.items():
        lines += ["", alias, *_planned(request, model, here)]
    for alias, backend in entry.get("pinned", {}).items():
        pinned = evolve(request, backend=backend)
        lines += ["", f"{alias} --backend {backend}", *_planned(pinned, models[alias], here)]
    return "\n".join(lines) + "\n"


def _machine(here: Surroundings) -> Iterator[str]:
    machine = here.machine
    memory = f"{_size(machine.memory_free)} of {_size(machine.memory_total)} free"
    yield f"  {machine.processor.name}, {machine.processor.physical_cores} cores, {memory}"
    for gpu in machine.accelerators:
        free = gpu.memory_total if gpu.memory_free is None else gpu.memory_free
        yield f"  {gpu.device}: {gpu.name}, {_size(free)} of {_size(gpu.memory_total)} free"
    for probe in here.probes:
        devices = ", ".join(device.device for device in probe.devices)
        available = hasattr(probe.availability, "version")
        yield f"  {probe.backend}: {devices if available else 'not installed'}"


def _planned(request: PlanRequest, model: ResolvedModel, here: Surroundings) -> Iterator[str]:
    try:
        made = plan(request, model, here.machine, here.probes)
    except NoExecutablePlan as error:
        yield f"  nothing   {error.message}"
        yield from (f"            {line}" for line in (error.note or "").splitlines())
        if error.hint:
            yield f"  hint      {error.hint}"
        yield from _refused(error.rejected)
        return
    yield from _chosen(made)
    yield from _next(made.alternatives)
    yield from _refused(made.alternatives)


def _chosen(made: RuntimePlan) -> Iterator[str]:
    chosen, settings = made.chosen, made.settings
    memory = chosen.memory
    yield f"  runs      {chosen.artifact} on {chosen.backend}"
    yield f"  layers    {chosen.specialization.name}: {_layers(chosen.placement)}"
    dtype = "as stored" if settings.dtype is None else f"as {settings.dtype}"
    yield (
        f"  context   {settings.context_length:,} tokens, {settings.kv_type} KV cache, "
        f"weights {dtype}"
    )
    parts = ", ".join(
        f"{name} {_size(size)}"
        for name, size in (
            ("weights", memory.weights),
            ("cache", memory.kv_cache),
            ("buffers", memory.compute),
            ("engine", memory.overhead),
        )
    )
    yield f"  memory    {_pools(made)}: {parts}"
    yield f"  because   {_SPEEDS.sub('', made.reason)}"
    yield from (f"  notice    {notice.message}" for notice in made.notices)


def _layers(placement: Placement) -> str:
    match placement:
        case OnCpu():
            return "all on the CPU"
        case OnDevice(device):
            return f"all on {device}"
        case SplitLayers(device, layers, total):
            return f"{layers} of {total} on {device}, {total - layers} on the CPU"
        case SpreadLayers(shares):
            return ", ".join(f"{count} on {name}" for name, count in shares)


def _pools(made: RuntimePlan) -> str:
    memory = made.chosen.memory
    if memory.device == memory.host:
        return f"{_size(memory.host)} of the one memory"
    if not memory.device:
        return f"{_size(memory.host)} of main memory"
    return f"{_size(memory.device)} of the GPU's memory, {_size(memory.host)} of main memory"


def _next(rows: Iterable[Alternative]) -> Iterator[str]:
    for row in rows:
        if isinstance(row.why, Outranked):
            reason = _SPEEDS.sub("", row.why.reason)
            yield f"  next      {row.artifact} on {row.backend}, {row.device}: {reason}"
            return


def _refused(rows: Iterable[Alternative]) -> Iterator[str]:
    """Yield why candidates cannot run, by backend and device."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    short: dict[str, int] = {}
    for row in rows:
        if not isinstance(row.why, Rejected):
            continue
        place = f"{row.backend}, {row.device}" if row.device else row.backend
        codes = sorted({found.code for found in row.why.rejections})
        counts[place][" and ".join(codes)] += 1
        missing = [one.short_by for one in row.why.rejections if isinstance(one, MemoryExceeded)]
        if missing and codes == [MemoryExceeded.code]:
            short[place] = min(short.get(place, max(missing)), max(missing))
    for place, found in sorted(counts.items()):
        told = ", ".join(f"{count} {codes}" for codes, count in sorted(found.items()))
        least = f" (at least {_size(short[place])} short)" if place in short else ""
        yield f"  refused   {place}: {told}{least}"


def _size(count: int) -> str:
    return format_size(count)


def main(arguments: list[str]) -> None:
    """Write or print every page."""
    models = resolved()
    FOLDER.mkdir(exist_ok=True)
    for name in sources():
        text = page(name, models)
        if "--print" in arguments:
            print(text)
        else:
            (FOLDER / f"{name}.txt").write_text(text, "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
