"""Log-probabilities from raw logits."""

import torch

from lmrt.domain.sequences import TokenLogprobs


def token_logprobs(logits: torch.Tensor, token: int, count: int) -> TokenLogprobs:
    """Return the log-probabilities of `token` and of the `count` most likely ones.

    Args:
        logits: Of one row, (vocabulary).
        token: The token that was drawn.
        count: How many others to report.
    """
    scores = logits.float().log_softmax(-1)
    values, tokens = scores.topk(min(count, scores.shape[-1]))
    found = zip(tokens.tolist(), values.tolist(), strict=True)
    ranked = sorted(found, key=lambda entry: (-entry[1], entry[0]))
    return TokenLogprobs(chosen=float(scores[token]), top=tuple(ranked))
