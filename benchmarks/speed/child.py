"""Measures one case as `rt bench` does, and prints one object with every round.

A program of its own, so that no engine meets another's threads:
`python -m benchmarks.speed.child REFERENCE BACKEND DTYPE THREADS PROMPT TOKENS ROUNDS`.
"""

import json
import sys
import time
from pathlib import Path

from attrs import asdict

from lmrt.application.bench import bench
from lmrt.bootstrap.client import runtime_client
from lmrt.bootstrap.machine import machine_probe
from lmrt.domain.benches import BenchRequest
from lmrt.domain.config import Dtype, RuntimeConfig
from lmrt.domain.speed_runs import run_key


def main(arguments: list[str]) -> None:
    """Print one object."""
    reference, backend, dtype, threads, prompt, tokens, rounds = arguments
    machine = machine_probe(measure=True).inspect()
    config = RuntimeConfig(
        str(Path(reference)),
        backend=backend,
        device="cpu",
        context_length=1024,
        dtype=None if dtype == "-" else Dtype(dtype),
        threads=int(threads),
    )
    count = int(threads)
    request = BenchRequest(
        config=config, prompt_tokens=int(prompt), tokens=int(tokens), rounds=int(rounds)
    )
    with runtime_client(aliases={}) as client:
        loader = client.runtime_loader
        report = bench(
            loader, request, lambda: time.process_time() / count, None, lambda _what: None
        )
    plan = report.plan
    sys.stdout.write(
        json.dumps(
            {
                "key": asdict(run_key(plan.chosen, plan.artifact, plan.engine_version)),
                "machine": plan.machine,
                "bandwidth": machine.memory_bandwidth,
                "paces": [asdict(pace) for pace in plan.chosen.speed.paces],
                "prefill": asdict(report.prefill),
                "decode": asdict(report.decode),
            }
        )
        + "\n"
    )


def _ignore(_what: str) -> None:
    """Take what nobody is told."""


if __name__ == "__main__":
    main(sys.argv[1:])
