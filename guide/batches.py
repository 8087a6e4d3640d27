"""Batches of sequences of similar length, so that little of a batch is padding."""

import random
from collections.abc import Iterator

import torch
from attrs import frozen
from torch import Tensor

from guide.corpus import Sequence
from guide.sampler import Sampler
from guide.tokenizer import Codec

POOL = 16
"""Batches drawn at a time and sorted by length: with few, much of a batch is padding."""


@frozen
class Batch:
    """Sequences side by side.

    Attributes:
        inputs: Tokens, one row for each sequence, padded at the end.
        targets: The token that follows at each counted position.
        positions: Which positions of the flattened rows are counted.
        weights: How much each of those counts.
        starts: Flattened positions after which an answer begins.
        choices: Which answer.
    """

    inputs: Tensor
    targets: Tensor
    positions: Tensor
    weights: Tensor
    starts: Tensor
    choices: Tensor


def collate(sequences: list[Sequence], padding: int) -> Batch:
    """Return sequences as tensors; every position predicts the next token."""
    width = max(len(sequence.tokens) for sequence in sequences)
    tokens = torch.full((len(sequences), width), padding, dtype=torch.long)
    weights = torch.zeros((len(sequences), width))
    for row, sequence in enumerate(sequences):
        tokens[row, : len(sequence.tokens)] = torch.tensor(sequence.tokens)
        weights[row, : len(sequence.weights)] = torch.tensor(sequence.weights)
    counted = weights[:, 1:].reshape(-1)
    positions = counted.nonzero().squeeze(1)
    targets = tokens[:, 1:].reshape(-1)
    marks = [
        (row * (width - 1) + at, choice)
        for row, sequence in enumerate(sequences)
        for at, choice in sequence.choices
    ]
    starts, choices = torch.tensor(marks, dtype=torch.long).reshape(-1, 2).unbind(1)
    return Batch(tokens[:, :-1], targets[positions], positions, counted[positions], starts, choices)


def batches(sampler: Sampler, codec: Codec, size: int, steps: int) -> Iterator[Batch]:
    """Yield as many batches as there are steps, in an order that the seed decides."""
    order = random.Random(sampler.seed)
    made = 0
    while made < steps:
        first = made * size
        pool = [sampler.sequence(codec, first + index) for index in range(size * POOL)]
        pool.sort(key=lambda sequence: len(sequence.tokens))
        starts = list(range(0, len(pool), size))
        order.shuffle(starts)
        for start in starts[: steps - made]:
            yield collate(pool[start : start + size], codec.end_of_text)
        made += len(starts)
