"""Log-probabilities from raw logits."""

from typing import Any

from lmrt.domain.sequences import TokenLogprobs


def token_logprobs(core: Any, logits: Any, token: int, count: int) -> TokenLogprobs:
    """Return the log-probabilities of `token` and of the `count` most likely ones.

    Args:
        core: `mlx.core`.
        logits: 32-bit, shape (vocabulary,).
        token: The token that was drawn.
        count: Alternatives to report.
    """
    scores = logits - core.logsumexp(logits)
    count = min(count, scores.size)
    if not count:
        return TokenLogprobs(chosen=scores[token].item(), top=())
    best = core.argpartition(-scores, kth=count - 1)[:count]
    top = zip(best.tolist(), scores[best].tolist(), strict=True)
    ranked = sorted(top, key=lambda entry: (-entry[1], entry[0]))
    return TokenLogprobs(chosen=scores[token].item(), top=tuple(ranked))
