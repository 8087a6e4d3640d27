"""The optimisation itself: a fixed number of steps, the same result for the same seed."""

import ctypes
import math
import time
from pathlib import Path

import torch
from attrs import frozen
from torch import Tensor, nn
from torch.nn import functional

from guide.batches import Batch, batches
from guide.model import Guide
from guide.sampler import Sampler
from guide.shape import Shape
from guide.tokenizer import Codec
from guide.warm_start import warm_start

THREADS = 2
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _LARGEST = -1, -3, 2**31 - 1


@frozen
class Recipe:
    """How the model is optimised.

    Attributes:
        steps: Updates.
        batch: Conversations in each.
        rate: Highest learning rate.
        warm_up: Updates until it is reached.
        floor: Share of it that is left at the end.
        decay: Weight decay of the matrices.
        dropout: On embeddings and on what each layer adds.
        clip: Largest norm of the gradient.
        choice: Weight of the second loss: which answer, from the state before its first token.
        warm: Begin with what a bag of words knows.
    """

    steps: int = 5900
    batch: int = 64
    rate: float = 3e-3
    warm_up: int = 150
    floor: float = 0.02
    decay: float = 0.1
    dropout: float = 0.0
    clip: float = 1.0
    choice: float = 1.0
    warm: bool = True


def prepare(seed: int) -> None:
    """Make torch deterministic, and let the C library keep the memory of freed tensors."""
    keep_freed_memory()
    torch.manual_seed(seed)
    torch.set_num_threads(THREADS)
    torch.use_deterministic_algorithms(mode=True)


def keep_freed_memory() -> None:
    """Keep glibc from giving every large tensor back: fetching it again costs a tenth of a step."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(_MMAP_THRESHOLD, _LARGEST)
        libc.mallopt(_TRIM_THRESHOLD, _LARGEST)


def multiplies_bf16(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Return whether the processor multiplies bfloat16 natively, twice as fast as float32."""
    try:
        text = cpuinfo.read_text(encoding="utf-8")
    except OSError:
        return False
    return "avx512_bf16" in text or "amx_bf16" in text


def optimise(shape: Shape, recipe: Recipe, sampler: Sampler, codec: Codec) -> Guide:
    """Train a model from nothing."""
    prepare(sampler.seed)
    model = Guide(shape, recipe.dropout)
    chooser = nn.Linear(shape.hidden, len(sampler.numbers))
    if recipe.warm:
        warm_start(model, chooser, sampler, codec)
    optimizers = _optimizers(model, chooser, recipe)
    model.train()
    report = Progress(recipe.steps)
    mixed = torch.autocast("cpu", torch.bfloat16, enabled=multiplies_bf16())
    for step, batch in enumerate(batches(sampler, codec, recipe.batch, recipe.steps)):
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate_at(step, recipe)
        with mixed:
            loss, choice = losses(model, chooser, batch)
        (loss + recipe.choice * choice).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        report.add(step, float(loss.detach()), float(choice.detach()), batch.inputs.numel())
    return model.eval()


def rate_at(step: int, recipe: Recipe) -> float:
    """Return the learning rate: a linear rise, then half a cosine."""
    if step < recipe.warm_up:
        return recipe.rate * (step + 1) / recipe.warm_up
    done = (step - recipe.warm_up) / max(1, recipe.steps - recipe.warm_up)
    return recipe.rate * (recipe.floor + (1 - recipe.floor) * 0.5 * (1 + math.cos(math.pi * done)))


def losses(model: Guide, chooser: nn.Linear, batch: Batch) -> tuple[Tensor, Tensor]:
    """Return the cross-entropy of the counted tokens, and that of the choice of an answer."""
    states = model(batch.inputs).flatten(0, 1)
    logits = model.logits(states[batch.positions])
    each = functional.cross_entropy(logits, batch.targets, reduction="none")
    choice = functional.cross_entropy(chooser(states[batch.starts]), batch.choices)
    return (each * batch.weights).sum() / batch.weights.sum(), choice


def _optimizers(model: Guide, chooser: nn.Linear, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Return Muon for the matrices of the layers (Jordan et al. 2024), AdamW for all else."""
    matrices = [value for value in model.layers.parameters() if value.dim() == 2]
    chosen = {id(value) for value in matrices}
    others = [value for value in model.parameters() if id(value) not in chosen]
    return [
        torch.optim.Muon(
            matrices,
            lr=recipe.rate,
            weight_decay=recipe.decay,
            adjust_lr_fn="match_rms_adamw",
        ),
        torch.optim.AdamW(
            [*others, *chooser.parameters()],
            lr=recipe.rate,
            betas=(0.9, 0.98),
            weight_decay=0.0,
            fused=True,
        ),
    ]


class Progress:
    """Prints how far it is, a hundred times at most."""

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.every = max(1, steps // 50)
        self.began = time.monotonic()
        self.losses: list[float] = []
        self.choices: list[float] = []
        self.tokens = 0

    def add(self, step: int, loss: float, choice: float, tokens: int) -> None:
        """Count one update."""
        self.losses.append(loss)
        self.choices.append(choice)
        self.tokens += tokens
        if (step + 1) % self.every == 0:
            passed = time.monotonic() - self.began
            mean = sum(self.losses) / len(self.losses)
            chosen = sum(self.choices) / len(self.choices)
            self.losses.clear()
            self.choices.clear()
            print(
                f"step {step + 1}/{self.steps}, loss {mean:.4f}, choice {chosen:.4f}, "
                f"{self.tokens / passed:,.0f} tokens/s, {passed / 60:.1f} min",
                flush=True,
            )


def round_to_half(model: Guide) -> None:
    """Make every weight an exact float16 value."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter.half().float())
