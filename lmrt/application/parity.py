"""Runs the same prompts on several backends and compares what they make of them."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, combinations

from lmrt.application.loader import RuntimeLoader
from lmrt.application.parity_choice import Contender, contenders, refuse_fewer_than_two
from lmrt.application.parity_runs import Answers, Tokens, Told, answer_all, rows_after
from lmrt.application.runtime import LoadedRuntime
from lmrt.domain.config import RuntimeConfig
from lmrt.domain.errors import LmrtError
from lmrt.domain.parity.judging import PromptComparison, Side, judge
from lmrt.domain.parity.logits import Row
from lmrt.domain.parity.places import place_of
from lmrt.domain.parity.precision import Rounding, coarsest
from lmrt.domain.parity.report import CannotLoad, LeftOut, PairComparison, ParityReport
from lmrt.domain.parity.request import ParityRequest
from lmrt.ports.machine import Clock
from lmrt.ports.text import TemplateRenderer

ROUND = 64
"""Prompts whose logits are in memory at once: a row of a large vocabulary takes 600 kB."""

_REFUSED = "engine-load-failed"

Rows = Mapping[str, Mapping[Tokens, Row]]
"""For each backend the logits after each text."""


class ParityCheck:
    """Compares backends, one of which at a time is in memory.

    Args:
        loader: Finds, plans and loads.
        renderer: Renders conversations.
        clock: Measures answers.
    """

    def __init__(self, loader: RuntimeLoader, *, renderer: TemplateRenderer, clock: Clock) -> None:
        self._loader = loader
        self._renderer = renderer
        self._clock = clock

    def run(self, request: ParityRequest, tell: Told | None = None) -> ParityReport:
        """Return what comes of the comparison; a disagreement is no error here.

        Args:
            request: What to compare.
            tell: Told in a few words what is being done.

        Raises:
            ConfigurationError: A backend does not exist, or a prompt is empty or too long.
            NoExecutablePlan: Fewer than two backends can run the model (`parity-needs-two`), or
                one that is named cannot.
            LmrtError: As `RuntimeLoader.load`; or a template or an engine failed.
        """
        say = tell or _ignore
        able, left_out = contenders(self._loader, request)
        answers, refused = self._answers(able, request, say)
        refuse_fewer_than_two(request, [found.run.backend for found in answers], refused)
        rounds = [self._compare(answers, numbers, say) for numbers in _rounds(len(request.prompts))]
        return ParityReport(
            model_reference=request.config.model_reference,
            model_name=able[0].plan.model_name,
            prompts=request.prompts,
            backends=tuple(found.run for found in answers),
            pairs=tuple(
                PairComparison(
                    backends=(one.run.backend, other.run.backend),
                    rounding=_rounding(one, other),
                    prompts=tuple(chain.from_iterable(parts)),
                )
                for (one, other), parts in zip(
                    combinations(answers, 2), zip(*rounds, strict=True), strict=True
                )
            ),
            left_out=(*left_out, *refused),
        )

    def _answers(
        self, able: Sequence[Contender], request: ParityRequest, say: Told
    ) -> tuple[list[Answers], list[LeftOut]]:
        """Let each backend answer; one that nobody named and whose engine refuses is left out."""
        answers: list[Answers] = []
        refused: list[LeftOut] = []
        for contender in able:
            backend, config = contender.plan.backend, contender.config
            try:
                with self._load(backend, config, say) as runtime:
                    answers.append(
                        answer_all(runtime, config, request, self._renderer, self._clock, say)
                    )
            except LmrtError as error:
                if request.backends or error.code != _REFUSED:
                    error.note = error.note or f"this came of `{backend}`"
                    raise
                why = CannotLoad(error.code, error.message, error.note, error.hint)
                refused.append(LeftOut(backend, why))
        return answers, refused

    def _compare(
        self, answers: Sequence[Answers], numbers: range, say: Told
    ) -> tuple[list[PromptComparison], ...]:
        """Return the comparisons of some of the prompts, by pair."""
        pairs = list(combinations(answers, 2))
        wanted: dict[str, dict[Tokens, None]] = {found.run.backend: {} for found in answers}
        for number in numbers:
            for pair in pairs:
                place = place_of(*(found.traces[number] for found in pair))
                if place is not None:
                    for found in pair:
                        wanted[found.run.backend].setdefault(place.before)
        rows: dict[str, Mapping[Tokens, Row]] = {}
        for found in answers:
            if texts := wanted[found.run.backend]:
                with self._load(found.run.backend, found.config, say) as runtime:
                    rows[found.run.backend] = rows_after(runtime, texts, say)
        return tuple([_judge(number, *pair, rows) for number in numbers] for pair in pairs)

    def _load(self, backend: str, config: RuntimeConfig, say: Told) -> LoadedRuntime:
        say(f"{backend}: loading")
        return self._loader.load(config)


def _judge(number: int, one: Answers, other: Answers, rows: Rows) -> PromptComparison:
    first, second = one.traces[number], other.traces[number]
    place = place_of(first, second)
    found = None
    if place is not None:
        found = (rows[one.run.backend][place.before], rows[other.run.backend][place.before])
    sides = Side(one.run.backend, first), Side(other.run.backend, second)
    return judge(number, *sides, found, _rounding(one, other))


def _rounding(one: Answers, other: Answers) -> Rounding:
    precisions = one.run.precision, other.run.precision
    return coarsest(one.run.backend, other.run.backend, precisions)


def _rounds(count: int) -> Iterator[range]:
    for start in range(0, count, ROUND):
        yield range(start, min(start + ROUND, count))


def _ignore(_what: str) -> None:
    """Take what nobody listens for."""
