"""What `rt bench` measures, beside what was expected."""

from statistics import median

from attrs import field, frozen

from lmrt.domain.config import RuntimeConfig
from lmrt.domain.options import whole
from lmrt.domain.plans import RuntimePlan


@frozen(kw_only=True)
class BenchRequest:
    """What to measure.

    Attributes:
        config: Which model, and how it runs.
        prompt_tokens: Length of the prompt; None for 512, or half of a shorter context.
        tokens: Tokens to generate after it; None for 64, or a quarter of a shorter context.
        rounds: How often; the median counts, and one more round comes before, to warm up.

    Raises:
        ConfigurationError: A number is outside its range (`invalid-option`).
    """

    config: RuntimeConfig
    prompt_tokens: int | None = field(default=None, validator=whole(1))
    tokens: int | None = field(default=None, validator=whole(2))
    rounds: int = field(default=3, validator=whole(1, 1000))


@frozen
class Measured:
    """One figure of a bench, in tokens a second.

    Attributes:
        tokens: Computed in each round.
        predicted: What follows from the machine and the backend's probe.
        corrected: The same, with what past runs said about it.
        limit: What the machine alone allows: its memory for generated tokens, its arithmetic in
            f32 (on an accelerator in 16 bits) for prompts.
        rates: Measured, one a round.
    """

    tokens: int
    predicted: float
    corrected: float
    limit: float
    rates: tuple[float, ...]

    @property
    def median(self) -> float:
        """The figure that counts."""
        return median(self.rates)


@frozen
class BenchReport:
    """All figures of a bench.

    Attributes:
        plan: What ran.
        load_seconds: How long the load took.
        prefill: The prompt.
        decode: The generated tokens.
        recorded: Whether the ledger has it now.
    """

    plan: RuntimePlan
    load_seconds: float
    prefill: Measured
    decode: Measured
    recorded: bool
