"""Runs the same prompts on several backends and compares what they make of them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, combinations

from lmrt.application.loader import RuntimeLoader
from lmrt.application.parity_choice import Contender, contenders
from lmrt.application.parity_runs import Answers, Tokens, Told, answer_all, rows_after
from lmrt.application.runtime import LoadedRuntime
from lmrt.domain.errors import LmrtError
from lmrt.domain.parity.judging import PromptComparison, Side, judge
from lmrt.domain.parity.logits import Row
from lmrt.domain.parity.places import place_of
from lmrt.domain.parity.precision import Rounding, coarsest
from lmrt.domain.parity.report import PairComparison, ParityReport
from lmrt.domain.parity.request import ParityRequest
from lmrt.ports.machine import Clock
from lmrt.ports.text import TemplateRenderer

ROUND = 64
"""Prompts whose logits are in memory at once: a row of a large vocabulary takes 600 kB."""

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
        answers = tuple(self._answer(contender, request, say) for contender in able)
        rounds = [
            self._compare(able, answers, numbers, say) for numbers in _rounds(len(request.prompts))
        ]
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
            left_out=left_out,
        )

    def _answer(self, contender: Contender, request: ParityRequest, say: Told) -> Answers:
        with self._loaded(contender, say) as runtime:
            return answer_all(runtime, request, self._renderer, self._clock, say)

    def _compare(
        self, able: Sequence[Contender], answers: Sequence[Answers], numbers: range, say: Told
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
        for contender in able:
            texts = wanted[contender.plan.backend]
            if texts:
                with self._loaded(contender, say) as runtime:
                    rows[contender.plan.backend] = rows_after(runtime, texts, say)
        return tuple([_judge(number, *pair, rows) for number in numbers] for pair in pairs)

    @contextmanager
    def _loaded(self, contender: Contender, say: Told) -> Iterator[LoadedRuntime]:
        """Load a backend and free it afterwards; its errors say how to go on without it."""
        backend = contender.plan.backend
        say(f"{backend}: loading")
        try:
            with self._loader.load(contender.config) as runtime:
                yield runtime
        except LmrtError as error:
            error.note = error.note or f"this came of `{backend}`; `--backends` can leave it out"
            raise


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
