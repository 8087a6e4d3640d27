"""What goes wrong inside the engine, in the project's own errors."""

from collections.abc import Sequence
from pathlib import Path

from lmrt.adapters.llama_cpp.failures import failure_from
from lmrt.domain import failures as domain
from lmrt.domain.errors import ConfigurationError, GenerationFailed, LoadFailed
from lmrt.domain.plans import Placement

_DOCTOR = "`rt doctor` shows what is wrong with the backend"
_CODES = {1: "no room in the KV cache", -1: "invalid batch", -2: "out of memory"}
_TOLD = 3


def engine_missing(error: Exception) -> LoadFailed:
    """Return the error for an engine that cannot be imported."""
    return domain.load_failed(
        "llama-cpp-python cannot be imported",
        domain.EngineUnusable(f"{type(error).__name__}: {error}"),
        hint=_DOCTOR,
    )


def load_failed(path: Path, lines: Sequence[str], placement: Placement) -> LoadFailed:
    """Return the error for a model that the engine refused; `lines` are its error messages."""
    said = told(lines) or "the engine gave no reason"
    return domain.load_failed(
        f"llama.cpp could not load `{path}`",
        failure_from(lines, placement, said),
        context={"path": str(path)},
    )


def vocabulary_malformed(path: Path, lines: Sequence[str]) -> LoadFailed:
    """Return the error for a GGUF whose tokenizer the engine cannot read."""
    return LoadFailed(
        f"the tokenizer in `{path}` is malformed",
        code="malformed-file",
        context={"path": str(path)},
        note=told(lines),
    )


def generation_failed(code: int, lines: Sequence[str]) -> GenerationFailed:
    """Return the error for a step that the engine could not compute."""
    return GenerationFailed(
        f"llama.cpp failed to compute a step: {_CODES.get(code, f'code {code}')}",
        code="generation-failed",
        context={"engine_code": code},
        note=told(lines),
    )


def closed() -> ConfigurationError:
    """Return the error for a call on a model that was closed."""
    return ConfigurationError("the model is closed", code="runtime-closed")


def told(lines: Sequence[str]) -> str | None:
    """Return the last few different messages as one line, or None where there is none."""
    return "; ".join(tuple(dict.fromkeys(lines))[-_TOLD:]) or None
