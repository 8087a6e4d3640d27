"""Predicted speeds beside measured ones.

::

    python -m benchmarks.speed                  every case that has a core for each thread
    python -m benchmarks.speed --only llama.cpp --folder DIR

A case is a model x quantization x backend x threads. What its plan predicts is corrected by runs of
the other models only, as `rt` corrects plans by its ledger, and held against what `rt bench`
measures: the median error has to be within 25 % for prompts and for generated tokens. Times are of
the processor, as other work may share the machine: with one thread that is what a free machine
takes on the clock, with two it is half of what both take, waiting for each other included.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from attrs import frozen

from benchmarks.speed.models import gguf_file, hf_folder
from lmrt.bootstrap.machine import machine_probe
from lmrt.domain.corrections import corrections, nearest
from lmrt.domain.speeds import Comparison, RunKey, SpeedRun

MEDIAN_OFF = 0.25
ROUNDS = 2


@frozen
class Case:
    """What is measured.

    Attributes:
        model: Its shape.
        weights: The GGUF's quantization, or the data type that a directory is loaded as.
        backend: The backend's id.
        threads: CPU threads.
        prompt: Tokens of the prompt.
        tokens: Tokens to generate.
    """

    model: str
    weights: str
    backend: str
    threads: int = 1
    prompt: int = 128
    tokens: int = 16


CASES = (
    *(
        Case(model, weights, "llama.cpp")
        for model in ("20M", "100M", "300M")
        for weights in ("F16", "Q8_0", "Q4_K_M")
    ),
    *(
        Case(model, weights, "torch")
        for model in ("20M", "100M", "300M")
        for weights in ("f32", "bf16")
    ),
    Case("20M", "F16", "llama.cpp", threads=2),
    Case("100M", "Q8_0", "llama.cpp", threads=2),
    Case("20M", "f32", "mlx", prompt=16, tokens=8),
    Case("100M", "f32", "mlx", prompt=16, tokens=8),
)


@frozen
class Result:
    """One case with its run: predicted and measured, past runs left out."""

    case: Case
    run: SpeedRun


def measure(case: Case, folder: Path) -> Result:
    """Return what a process of its own measures."""
    gguf = case.backend == "llama.cpp"
    place = gguf_file(folder, case.model, case.weights) if gguf else hf_folder(folder, case.model)
    dtype = "-" if gguf else case.weights
    arguments = [str(place), case.backend, dtype, *map(str, (case.threads, case.prompt))]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks.speed.child"),
            *(*arguments, str(case.tokens), str(ROUNDS)),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    compared = (_compared(found[part]) for part in ("prefill", "decode"))
    return Result(case, SpeedRun(found["machine"], RunKey(**found["key"]), *compared))


def _compared(figure: dict[str, float | list[float]]) -> Comparison:
    rates = figure["rates"]
    assert isinstance(rates, list)
    return Comparison(figure["predicted"], statistics.median(rates), figure["tokens"])  # type: ignore[arg-type]


def report(results: list[Result]) -> int:
    """Print the table; return how many of the two medians are off."""
    print("| model | weights | backend | threads | prompt, predicted | measured | off by |", end="")
    print(" generated, predicted | measured | off by |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    off: dict[str, list[float]] = {"plain prompt": [], "plain generated": []}
    off |= {"prompt": [], "generated": []}
    for result in results:
        case, run = result.case, result.run
        others = (each.run for each in results if each.case.model != case.model)
        said = nearest({each.key: each for each in corrections(others)}, run.key)
        cells = [case.model, case.weights, case.backend, str(case.threads)]
        for name, found, factor in (
            ("prompt", run.prefill, said.prefill),
            ("generated", run.decode, said.decode),
        ):
            assert found is not None
            predicted = found.predicted * factor
            error = predicted / found.measured - 1
            off[name].append(abs(error))
            off[f"plain {name}"].append(abs(found.predicted / found.measured - 1))
            cells += [_rate(predicted), _rate(found.measured), f"{error:+.0%}"]
        print(f"| {' | '.join(cells)} |")
    print()
    for name, errors in off.items():
        print(f"median error, {name}: {statistics.median(errors):.0%} ({len(errors)} cases)")
    return sum(statistics.median(off[name]) > MEDIAN_OFF for name in ("prompt", "generated"))


def _rate(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.1f}"


def main(arguments: list[str] | None = None) -> int:
    """Measure the cases; return the number of medians that are off."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument("--only", help="a backend")
    parser.add_argument("--folder", type=Path, help="keeps the models for another time")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="lmrt-speed-") as temporary:
        folder = asked.folder or Path(temporary)
        results = []
        cores = machine_probe().inspect().processor.physical_cores
        for case in CASES:
            if asked.only in (None, case.backend) and case.threads <= cores:
                results.append(measure(case, folder))
                print(".", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        return report(results)


if __name__ == "__main__":
    sys.exit(main())
