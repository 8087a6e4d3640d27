"""Measures how fast a model is here, beside what its plan expects."""

from collections.abc import Callable

from lmrt.application.loader import RuntimeLoader
from lmrt.application.runtime import LoadedRuntime
from lmrt.domain.benches import BenchReport, BenchRequest, Measured
from lmrt.domain.errors import GenerationFailed
from lmrt.domain.responses import Timings
from lmrt.domain.sampling import GREEDY
from lmrt.domain.sequences import PrefillDone, SequenceRequest, TokenSampled
from lmrt.domain.speed_runs import run_key
from lmrt.domain.speeds import Comparison, SpeedRun, decode_seconds, prompt_seconds
from lmrt.ports.machine import Clock
from lmrt.ports.speed import SpeedLedger

Told = Callable[[str], None]

_PROMPT, _TOKENS = 512, 64
_STRIDE, _TURN = 7919, 104_729
"""Primes: no prompt begins like an earlier one, so that none is found in a cache."""


def bench(
    loader: RuntimeLoader,
    request: BenchRequest,
    clock: Clock,
    ledger: SpeedLedger | None,
    tell: Told,
) -> BenchReport:
    """Load a model as it would run, measure prompts and generated tokens, and keep the medians.

    Args:
        loader: Plans and loads.
        request: What to measure.
        clock: Measures.
        ledger: Keeps the result; None for nowhere.
        tell: Told what is being done.

    Raises:
        ConfigurationError: Prompt and tokens are longer than the context (`prompt-too-long`).
        LmrtError: The model cannot be resolved, planned, loaded or run.
    """
    tell("loading")
    with loader.load(request.config) as runtime:
        context = runtime.plan.settings.context_length
        prompt = request.prompt_tokens or max(1, min(_PROMPT, context // 2))
        tokens = request.tokens or max(2, min(_TOKENS, context // 4))
        rounds = []
        for turn in range(request.rounds + 1):
            tell(f"round {turn} of {request.rounds}" if turn else "warming up")
            rounds.append(_round(runtime, turn, prompt, tokens, clock))
        return _report(runtime, prompt, tokens, rounds[1:], ledger)


def _round(runtime: LoadedRuntime, turn: int, prompt: int, tokens: int, clock: Clock) -> Timings:
    vocabulary = runtime.facts.vocabulary_size
    asked = SequenceRequest(
        tokens=tuple((_STRIDE * place + _TURN * turn) % vocabulary for place in range(prompt)),
        sampling=GREEDY,
        max_tokens=tokens,
    )
    began = clock()
    times: list[float] = []
    computed = prompt
    stream = runtime.scheduler.submit(asked)
    try:
        for event in stream:
            match event:
                case PrefillDone(_, _, processed):
                    computed = processed
                case TokenSampled():
                    times.append(clock())
                case _:
                    pass
    finally:
        stream.cancel()
    if len(times) < 2:
        raise GenerationFailed("the engine drew no tokens", code="generation-failed")
    return Timings(
        load=0.0,
        first_token=times[0] - began,
        decode=times[-1] - times[0],
        total=times[-1] - began,
        prefilled_tokens=computed,
        decoded_tokens=len(times) - 1,
    )


def _report(
    runtime: LoadedRuntime,
    prompt: int,
    tokens: int,
    rounds: list[Timings],
    ledger: SpeedLedger | None,
) -> BenchReport:
    plan = runtime.plan
    speed, batch = plan.chosen.speed, plan.settings.batch_size
    expected = prompt / prompt_seconds(speed.paces, prompt, batch)
    prefill = Measured(
        tokens=prompt,
        predicted=expected,
        corrected=expected * speed.correction.prefill,
        limit=speed.prefill_limit,
        rates=tuple(one.prefill_rate or 0.0 for one in rounds),
    )
    expected = 1 / decode_seconds(speed.paces, prompt + tokens // 2)
    decode = Measured(
        tokens=tokens,
        predicted=expected,
        corrected=expected * speed.correction.decode,
        limit=speed.decode_limit,
        rates=tuple(one.decode_rate or 0.0 for one in rounds),
    )
    recorded = ledger is not None and plan.machine is not None
    if ledger is not None and plan.machine is not None:
        key = run_key(plan.chosen, plan.artifact, plan.engine_version)
        ledger.record(SpeedRun(plan.machine, key, _compared(prefill), _compared(decode)))
    return BenchReport(plan, runtime.load_seconds, prefill, decode, recorded)


def _compared(found: Measured) -> Comparison:
    return Comparison(found.predicted, found.median, found.tokens)
