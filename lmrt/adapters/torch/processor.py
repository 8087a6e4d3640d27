"""What the CPU computes a step with: how many threads, and whose kernels.

Both are settings of the whole process. They are set for each step and put back, so that models with
different ones, and whoever else uses torch in this process, change each other's for the length of
one step at most; that costs speed, never correctness.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from attrs import frozen


@frozen
class Processor:
    """How the steps of one model are computed.

    Attributes:
        threads: CPU threads of steps that compute one token a sequence.
        batch_threads: CPU threads of steps that compute prompts.
        few: Most rows of a step that counts as the former.
        lone_rows_without_onednn: Whether steps of one row go to torch's own kernels.
    """

    threads: int
    batch_threads: int
    few: int
    lone_rows_without_onednn: bool = False

    @contextmanager
    def computing(self, rows: int) -> Iterator[None]:
        """Compute a step of so many rows inside the block."""
        threads = self.threads if rows <= self.few else self.batch_threads
        before = torch.get_num_threads()
        changed = rows == 1 and self.lone_rows_without_onednn and _uses_onednn()
        if threads != before:
            torch.set_num_threads(threads)
        if changed:
            _use_onednn(use=False)
        try:
            yield
        finally:
            if changed:
                _use_onednn(use=True)
            if threads != before:
                torch.set_num_threads(before)


def lone_rows_need_no_onednn(device: torch.device, dtype: torch.dtype) -> bool:
    """Return whether one row of this type is multiplied faster without oneDNN.

    In bf16 oneDNN multiplies a matrix by a vector no faster than in f32, and torch's own kernel
    reads the matrix at the memory's speed: a model of 190 million weights decoded at 33 tokens a
    second in place of 17 on one core with AVX-512 BF16. From two rows on oneDNN is faster.
    """
    return device.type == "cpu" and dtype is torch.bfloat16


def _uses_onednn() -> bool:
    return bool(torch._C._get_mkldnn_enabled())  # noqa: SLF001 - see below


def _use_onednn(*, use: bool) -> None:
    # The public context manager sets other options too, with a warning.
    torch._C._set_mkldnn_enabled(use)  # noqa: SLF001
