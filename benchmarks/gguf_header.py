"""How long a GGUF header with a large vocabulary takes to read, beside the `gguf` package.

    python -m benchmarks.gguf_header [tokens]

Writes a tiny model with that many tokens (default 150,000) and as many merges to a temporary
folder, and prints the best of five readings; the `gguf` package reads once.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import gguf
import numpy as np

from lmrt.adapters.gguf import GgufReader


def write(path: Path, tokens: int) -> None:
    """Write the file."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(1)
    writer.add_embedding_length(32)
    writer.add_head_count(2)
    writer.add_context_length(4096)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list([f"token{number}" for number in range(tokens)])
    writer.add_token_types([1] * tokens)
    writer.add_token_merges([f"tok en{number}" for number in range(tokens)])
    writer.add_tensor("token_embd.weight", np.zeros((4, 32), dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def best(run: Callable[[], object], times: int) -> float:
    """Return the seconds of the fastest run."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return min(taken)


def main(tokens: int) -> None:
    """Print the times."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.gguf"
        write(path, tokens)
        ours = best(lambda: GgufReader().read(path), 5)
        theirs = best(lambda: gguf.GGUFReader(path), 1)
    print(f"{tokens:,} tokens and merges: lmrt {ours:.3f} s, gguf package {theirs:.3f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 150_000)
