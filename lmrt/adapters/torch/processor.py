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

    Microseconds of a matrix by a vector, on one core with AVX-512 BF16:

    | matrix | f32 | bf16, oneDNN | bf16, torch's own |
    |---|---|---|---|
    | 1024 x 1024, in the cache | 78 | 213 | 105 |
    | 2048 x 2048, in the cache | 326 | 734 | 374 |
    | 4096 x 4096, in memory | 2,853 | 2,876 | 1,449 |

    From two rows on oneDNN is faster, with eight by a factor of three to four.
    """
    return device.type == "cpu" and dtype is torch.bfloat16


def _uses_onednn() -> bool:
    return bool(torch._C._get_mkldnn_enabled())  # noqa: SLF001 - see below


def _use_onednn(*, use: bool) -> None:
    # The public context manager sets other options too, with a warning.
    torch._C._set_mkldnn_enabled(use)  # noqa: SLF001
