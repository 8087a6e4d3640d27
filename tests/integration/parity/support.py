"""What a report has to say for backends to agree."""

from pathlib import Path

from lmrt.domain.config import RuntimeConfig
from lmrt.domain.parity.precision import Rounding
from lmrt.domain.parity.report import PairComparison
from lmrt.domain.parity.request import DEFAULT_PROMPTS, ParityRequest

ALL = {"llama.cpp", "mlx", "torch"}
EXACT = Rounding("f32 arithmetic", 2.0**-15)


def request(
    model: Path | str,
    *,
    prompts: tuple[str, ...] = DEFAULT_PROMPTS,
    max_tokens: int = 64,
    backends: tuple[str, ...] = (),
) -> ParityRequest:
    """Return a request to compare on the CPU, in f32."""
    return ParityRequest(
        config=RuntimeConfig(str(model), device="cpu"),
        prompts=prompts,
        max_tokens=max_tokens,
        backends=backends,
    )


def assert_the_same(pair: PairComparison) -> None:
    """Every token is the same, and the logits differ by no more than arithmetic in f32 explains."""
    for row in pair.prompts:
        assert (row.same_text, row.same_tokens) == (True, True), (pair.backends, row)
        assert row.shared_tokens == row.answer_tokens[0] == row.answer_tokens[1], (
            pair.backends,
            row,
        )
        assert row.logits is not None
        assert row.logits.largest_difference is not None
        assert row.logits.largest_difference <= EXACT.tolerance(row.logits.spread), pair.backends
        assert row.logits.shared_top == row.logits.top
