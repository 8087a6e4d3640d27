"""How long computing takes, and what past runs say about that."""

from attrs import frozen

LEAST_FACTOR, MOST_FACTOR = 0.2, 5.0
"""How far past runs may correct an estimate: beyond that something else is wrong."""


@frozen
class Pace:
    """Seconds that the layers on one processor take, by what they go to.

    Attributes:
        reading: Reading their weights once.
        lone: The arithmetic of a token that is computed alone, its attention left out.
        batched: The same of a token that is computed together with many.
        cell: Looking back at one earlier token, for a token that is computed alone.
        pair: The same for a token that is computed together with many.
        fixed: What every step takes beside: calls, and threads that wait for each other.
    """

    reading: float
    lone: float
    batched: float
    cell: float
    pair: float
    fixed: float

    def step(self, depth: int) -> float:
        """Return the seconds of one token after `depth` others."""
        return max(self.reading, self.lone) + depth * self.cell + self.fixed

    def prompt(self, tokens: int, batch: int) -> float:
        """Return the seconds of a prompt that is computed so many tokens at a time."""
        whole, rest = divmod(tokens, batch)
        weights = whole * max(self.reading, batch * self.batched)
        if rest:
            weights += max(self.reading, rest * self.batched)
        steps = whole + (1 if rest else 0)
        return weights + tokens * tokens / 2 * self.pair + steps * self.fixed


def decode_seconds(paces: tuple[Pace, ...], depth: int) -> float:
    """Return the seconds of one token after `depth` others, on one processor after the other."""
    return sum(pace.step(depth) for pace in paces)


def prompt_seconds(paces: tuple[Pace, ...], tokens: int, batch: int) -> float:
    """Return the seconds of a prompt, on one processor after the other."""
    return sum(pace.prompt(tokens, batch) for pace in paces)


@frozen
class Correction:
    """What past runs say about an estimate.

    Attributes:
        prefill: What the estimated speed of prompts is multiplied with.
        decode: The same of generated tokens.
        runs: Runs behind it; 0 leaves the estimate as it is.
    """

    prefill: float = 1.0
    decode: float = 1.0
    runs: int = 0


@frozen(cache_hash=True)
class RunKey:
    """What runs have in common whose speeds can be compared; None stands for any.

    Attributes:
        backend: The backend's id.
        device: Where it ran: `cpu`, `cuda:0`; with the layers there, where they were split.
        quantization: What the weights were while they were computed with: `Q4_K_M`, `bf16`.
        version: The engine's version.
        model: Architecture and size class, such as `llama 400M`; never the model's name.
        threads: CPU threads.
        kv_type: Data type of the KV cache.
    """

    backend: str
    device: str
    quantization: str | None = None
    version: str | None = None
    model: str | None = None
    threads: int | None = None
    kv_type: str | None = None

    def wider(self) -> tuple["RunKey", ...]:
        """Return the key and those that stand for more, the nearest first."""
        return (
            self,
            RunKey(self.backend, self.device, self.quantization),
            RunKey(self.backend, self.device),
        )


@frozen
class Comparison:
    """A speed as it was expected and as it was, in tokens a second.

    Attributes:
        predicted: Estimated for these very tokens, past runs left out.
        measured: Of the run.
        tokens: How many were computed.
    """

    predicted: float
    measured: float
    tokens: int

    @property
    def factor(self) -> float:
        """Measured over predicted, within what a correction may be."""
        return min(max(self.measured / self.predicted, LEAST_FACTOR), MOST_FACTOR)


@frozen
class SpeedRun:
    """One run beside its prediction; nothing of what was said, and no name of a model.

    Attributes:
        machine: Fingerprint of the machine.
        key: What it was.
        prefill: The prompt, or None where it was too short to tell.
        decode: The generated tokens, or None where they were too few.
    """

    machine: str
    key: RunKey
    prefill: Comparison | None
    decode: Comparison | None


@frozen
class Corrected:
    """What the runs with one key, or with one that it stands for, say together.

    Attributes:
        key: What they have in common.
        prefill: The median of measured over predicted speed of prompts, or None without any.
        decode: The same of generated tokens.
        runs: How many there are.
    """

    key: RunKey
    prefill: float | None
    decode: float | None
    runs: int
