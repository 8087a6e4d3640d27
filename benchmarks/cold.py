"""A cold `rt prompt` beside each engine's own way to answer one prompt, on the bundled model.

::

    python -m benchmarks.cold

Whole processes, from start to end, taking turns; the medians count. mlx-lm has a command of its
own. llama-cpp-python and transformers have none for a single prompt: there the shortest program
that their documentation gives stands in.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
GUIDE = ROOT / "models" / "guide"
QUESTION = "What is lmrt?"
TOKENS = "16"
ROUNDS = 5

_LLAMA_CPP = """
from llama_cpp import Llama
llama = Llama(model_path={path!r}, n_ctx=2048, verbose=False)
messages = [{{"role": "user", "content": {question!r}}}]
answer = llama.create_chat_completion(messages, max_tokens={tokens}, temperature=0)
print(answer["choices"][0]["message"]["content"])
"""
_TORCH = """
from transformers import pipeline
answer = pipeline("text-generation", model={path!r})
messages = [{{"role": "user", "content": {question!r}}}]
found = answer(messages, max_new_tokens={tokens}, do_sample=False)
print(found[0]["generated_text"][-1]["content"])
"""


def engines() -> Mapping[str, list[str]]:
    """Return each engine's own command."""
    python = sys.executable

    def program(text: str, path: Path) -> list[str]:
        return [python, "-c", text.format(path=str(path), question=QUESTION, tokens=TOKENS)]

    mlx = [python, "-m", "mlx_lm", "generate", "--model", str(GUIDE), "--prompt", QUESTION]
    return {
        "llama.cpp": program(_LLAMA_CPP, GUIDE / "guide-F32.gguf"),
        "mlx": [*mlx, "--max-tokens", TOKENS, "--temp", "0"],
        "torch": program(_TORCH, GUIDE),
    }


def ours(backend: str) -> list[str]:
    """Return our command, pinned to a backend."""
    rt = str(Path(sys.executable).with_name("rt"))
    options = ["-m", str(GUIDE), "--backend", backend, "-n", TOKENS, "-t", "0", "--quiet"]
    return [rt, "prompt", *options, "--system", "", QUESTION]


def seconds(command: list[str]) -> float:
    """Return the seconds that a command takes.

    Raises:
        CalledProcessError: It failed.
    """
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    began = time.perf_counter()
    subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=True
    )
    return time.perf_counter() - began


def main() -> int:
    """Print the table; return 0, as there is no limit."""
    for name, theirs in engines().items():
        pairs = [(seconds(theirs), seconds(ours(name))) for _ in range(ROUNDS + 1)][1:]
        engine, rt = (statistics.median(column) for column in zip(*pairs, strict=True))
        print(f"{name:10} rt prompt {rt:6.2f} s   the engine's own {engine:6.2f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
