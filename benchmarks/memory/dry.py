"""The planner beside llama.cpp's dry run: headers of real models, nothing allocated."""

import tempfile
from pathlib import Path

from attrs import frozen

from benchmarks.memory.cases import MIB, Case, planned
from lmrt.adapters.gguf import GgufReader
from lmrt.adapters.llama_cpp.probe import shallow_probe
from lmrt.domain.config import KvType
from lmrt.domain.planning.settings import CacheSettings
from lmrt.domain.plans import MemoryEstimate, RuntimePlan
from tests.support.blueprints import BLUEPRINTS
from tests.support.llama_dry_run import dry_runs

_KINDS = ((4096, KvType.F16), (16_384, KvType.F16), (32_768, KvType.Q8_0), (4096, KvType.F32))
CASES = tuple(
    Case(name, *_KINDS[(number + turn) % len(_KINDS)])
    for number, name in enumerate(BLUEPRINTS)
    for turn in (0, 1)
)
CACHE_OFF, COMPUTE_OFF, TOTAL_OFF = 1.0, 0.15, 0.05
"""How far the planner may be off: MiB of the KV cache, shares of buffers and of all."""


@frozen
class Row:
    """One case, in MiB: what the planner says, and what the engine does."""

    case: Case
    weights: tuple[float, float]
    cache: tuple[float, float]
    compute: tuple[float, float]

    @property
    def total(self) -> tuple[float, float]:
        """All three parts together."""
        ours, theirs = zip(self.weights, self.cache, self.compute, strict=True)
        return sum(ours), sum(theirs)

    @property
    def holds(self) -> bool:
        """Whether the planner is close enough."""
        return (
            abs(self.cache[0] - self.cache[1]) < CACHE_OFF
            and abs(_share(self.compute) - 1) <= COMPUTE_OFF
            and abs(_share(self.total) - 1) <= TOTAL_OFF
        )


def main(cases: tuple[Case, ...] = CASES) -> int:
    """Print the table; return the number of rows that are off."""
    print("| model | context | KV type | weights | KV cache and state | compute buffers | total |")
    print("|---|---|---|---|---|---|---|")
    rows = measured(cases)
    for row in rows:
        print(_line(row), flush=True)
    return sum(not row.holds for row in rows)


def measured(cases: tuple[Case, ...]) -> list[Row]:
    """Return a row for each case."""
    with tempfile.TemporaryDirectory(prefix="lmrt-memory-") as folder:
        paths = {
            name: BLUEPRINTS[name]().write(Path(folder) / f"{name}.gguf")
            for name in dict.fromkeys(case.model for case in cases)
        }
        plans = [_plan(paths[case.model], case) for case in cases]
        rows = []
        for name, path in paths.items():
            own = [one for one in zip(cases, plans, strict=True) if one[0].model == name]
            (answers,) = dry_runs([path], [_asked(plan) for _, plan in own])
            rows += [
                _row(case, plan.chosen.memory, answer)
                for (case, plan), answer in zip(own, answers, strict=True)
            ]
        return rows


def _plan(path: Path, case: Case) -> RuntimePlan:
    (described,) = GgufReader().read(path)
    return planned(path, described, shallow_probe(), case)


def _asked(plan: RuntimePlan) -> CacheSettings:
    found = plan.settings
    return CacheSettings(
        context=found.context_length,
        kv_type=found.kv_type,
        flash_attention=found.flash_attention,
        batch=found.batch_size,
        sequences=found.max_sequences,
        rounding=1,
    )


def _row(case: Case, memory: MemoryEstimate, engine: dict[str, float]) -> Row:
    return Row(
        case,
        (memory.weights / MIB, engine["weights"]),
        (memory.kv_cache / MIB, engine["kv_cache"] + engine["recurrent"]),
        (memory.compute / MIB, engine["compute"] + engine["output"]),
    )


def _line(row: Row) -> str:
    case = row.case
    cells = [
        case.model,
        f"{case.context:,}",
        str(case.kv_type),
        f"{row.weights[0]:,.1f} / {row.weights[1]:,.1f}",
        f"{row.cache[0]:,.1f} / {row.cache[1]:,.1f}",
        f"{row.compute[0]:,.1f} / {row.compute[1]:,.1f} ({_share(row.compute) - 1:+.1%})",
        f"{_share(row.total) - 1:+.2%}",
    ]
    return f"| {' | '.join(cells)} |" + ("" if row.holds else " **off**")


def _share(pair: tuple[float, float]) -> float:
    return pair[0] / pair[1]
