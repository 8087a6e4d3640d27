"""A beginning that already knows which words go with which answer.

A bag of words learns in seconds what the model takes a quarter of an hour for: which answer a
question wants, from the mean of its tokens' embeddings. The model then begins with those
embeddings, and with a first layer that passes their mean on to every position (after fastText,
Joulin et al. 2016).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from guide.model import Guide, Layer
from guide.sampler import Sampler
from guide.tokenizer import Codec

QUESTIONS = 100_000
PASSES = 4
BATCH = 256
RATE = 1e-2
DROPOUT = 0.1
EMBEDDING_SCALE = 0.2  # root mean square of an embedding
MEAN_SCALE = 12.0  # how much louder than a single token the mean of all is
FIRST_UNUSED = 10**7  # samples from here on are not drawn by the training itself


def warm_start(model: Guide, chooser: nn.Linear, sampler: Sampler, codec: Codec) -> None:
    """Train the bag of words and put it into the model and the chooser."""
    words = nn.Embedding(model.shape.vocabulary, model.shape.hidden)
    nn.init.normal_(words.weight, std=0.05)
    bags = [_bag(sampler, codec, FIRST_UNUSED + number) for number in range(QUESTIONS)]
    _train(words, chooser, bags)
    with torch.no_grad():
        _begin(model, _normalised(words.weight))


def _bag(sampler: Sampler, codec: Codec, number: int) -> tuple[list[int], int]:
    """Return the tokens before the first answer of a conversation, and which answer it is."""
    sequence = sampler.sequence(codec, number)
    at, choice = sequence.choices[0]
    return list(sequence.tokens[: at + 1]), choice


def _train(words: nn.Embedding, chooser: nn.Linear, bags: list[tuple[list[int], int]]) -> None:
    parameters = [*words.parameters(), *chooser.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=RATE, betas=(0.9, 0.98), weight_decay=0.0)
    count = len(bags) // BATCH
    for step in range(count * PASSES):
        if step % count == 0:
            order = torch.randperm(len(bags)).tolist()
        start = step % count * BATCH
        batch = [bags[number] for number in order[start : start + BATCH]]
        for group in optimizer.param_groups:
            group["lr"] = RATE * (1 - step / (count * PASSES))
        _loss(words, chooser, batch).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)


def _loss(words: nn.Embedding, chooser: nn.Linear, batch: list[tuple[list[int], int]]) -> Tensor:
    lengths = torch.tensor([0, *(len(tokens) for tokens, _ in batch[:-1])])
    tokens = torch.tensor([token for tokens, _ in batch for token in tokens])
    means = functional.embedding_bag(
        tokens, _normalised(words.weight), lengths.cumsum(0), mode="mean"
    )
    logits = chooser(functional.dropout(_normalised(means), DROPOUT))
    return functional.cross_entropy(logits, torch.tensor([choice for _, choice in batch]))


def _begin(model: Guide, embeddings: Tensor) -> None:
    model.embed_tokens.weight.copy_(embeddings * EMBEDDING_SCALE)
    first = model.layers[0]
    assert isinstance(first, Layer)
    attention = first.self_attn
    if attention.shape.kv_heads != attention.shape.heads:
        return  # then the mean of all channels does not pass through
    attention.q_proj.weight.zero_()  # attends to all alike
    nn.init.eye_(attention.v_proj.weight)
    nn.init.eye_(attention.o_proj.weight)
    attention.o_proj.weight.mul_(MEAN_SCALE)


def _normalised(rows: Tensor) -> Tensor:
    return functional.rms_norm(rows, rows.shape[-1:])
