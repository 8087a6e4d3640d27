"""The outcome of a parity check."""

from attrs import frozen

from lmrt.domain.notices import Notice
from lmrt.domain.parity.judging import PromptComparison
from lmrt.domain.parity.precision import Precision, Rounding
from lmrt.domain.parity.verdicts import Verdict, worst
from lmrt.domain.plans import Alternative


@frozen
class BackendRun:
    """One backend that ran the prompts.

    Attributes:
        backend: Its id.
        engine: The engine's name and version.
        artifact: The id of the artifact that it ran.
        specialization: The execution path that it took.
        precision: What it rounds to.
        prompt_tokens: Tokens of all rendered prompts.
        answer_tokens: Tokens of all answers.
        decode_rate: Tokens a second after the first of each answer, or None where too few came.
        notices: What differs from what was asked of it.
    """

    backend: str
    engine: str
    artifact: str
    specialization: str
    precision: Precision
    prompt_tokens: int
    answer_tokens: int
    decode_rate: float | None
    notices: tuple[Notice, ...]


@frozen
class CannotRun:
    """No candidate of the backend can run; each with the reasons against it."""

    rejected: tuple[Alternative, ...]


@frozen
class CannotLoad:
    """The engine refused the model, although nothing spoke against it before.

    Attributes:
        code: The error's code.
        message: What was wrong.
        note: The cause, or None.
        hint: What to do about it, or None.
    """

    code: str
    message: str
    note: str | None
    hint: str | None


@frozen
class LeftOut:
    """A backend that is not compared, and why."""

    backend: str
    why: CannotRun | CannotLoad


@frozen
class PairComparison:
    """Two backends.

    Attributes:
        backends: Their ids.
        rounding: What may put their logits apart.
        prompts: One comparison a prompt.
    """

    backends: tuple[str, str]
    rounding: Rounding
    prompts: tuple[PromptComparison, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of the prompts' verdicts."""
        return worst(tuple(compared.verdict for compared in self.prompts))


@frozen
class ParityReport:
    """Everything that a parity check found.

    Attributes:
        model_reference: What the user typed.
        model_name: The model's name.
        prompts: The texts of the user's turns.
        backends: Those that ran, in the order of the comparison.
        pairs: Every two of them.
        left_out: Those that were not compared.
    """

    model_reference: str
    model_name: str
    prompts: tuple[str, ...]
    backends: tuple[BackendRun, ...]
    pairs: tuple[PairComparison, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of the pairs' verdicts."""
        return worst(tuple(pair.verdict for pair in self.pairs))
