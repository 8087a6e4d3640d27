"""What errors look like, word for word, and what the process exits with."""

import pytest

from lmrt.cli.exit_codes import ExitCode, exit_code
from lmrt.cli.terminal import error_text, for_terminal
from lmrt.domain import errors
from lmrt.domain.plans import Alternative, Outranked, Rejected
from lmrt.domain.probes import UnavailableReason
from lmrt.domain.rejections import (
    BackendUnavailable,
    FormatUnsupported,
    MemoryExceeded,
)


def test_an_error_shows_code_message_note_and_hint() -> None:
    error = errors.ModelNotFound(
        "no model `giude`",
        code="model-not-found",
        note="looked for a path, a name under `models` and an alias",
        hint="did you mean `guide`?",
    )
    assert error_text(error) == (
        "error[model-not-found]: no model `giude`\n"
        "  note: looked for a path, a name under `models` and an alias\n"
        "  hint: did you mean `guide`?"
    )


def test_a_bare_error_is_one_line() -> None:
    assert error_text(errors.LmrtError("broken", code="internal-error")) == (
        "error[internal-error]: broken"
    )


def test_further_lines_of_a_note_are_aligned() -> None:
    error = errors.LoadFailed("no", code="engine-load-failed", note="first\nsecond")
    assert error_text(error) == "error[engine-load-failed]: no\n  note: first\n        second"


def test_no_plan_lists_every_reason_and_each_fix_once() -> None:
    absent = BackendUnavailable(
        UnavailableReason.NOT_INSTALLED, "mlx-lm is not installed", "pip install 'lmrt[mlx]'"
    )
    rows = (
        Alternative(
            "a.gguf", "llama.cpp", "cpu", Rejected((MemoryExceeded("cpu", 3 << 30, 1 << 30),))
        ),
        Alternative("a.gguf", "mlx", None, Rejected((absent, FormatUnsupported("GGUF", ("MLX",))))),
        Alternative("b", "mlx", None, Rejected((absent,))),
    )
    error = errors.NoExecutablePlan("nothing can run `a` here", rejected=rows, hint="free 2 GiB")
    assert error_text(error) == (
        "error[no-executable-plan]: nothing can run `a` here\n"
        "  a.gguf · llama.cpp on cpu: memory-exceeded: needs 3.00 GiB of main memory, "
        "1.00 GiB can be used: short by 2.00 GiB\n"
        "  a.gguf · mlx: backend-unavailable: mlx-lm is not installed\n"
        "  a.gguf · mlx: format-unsupported: reads no GGUF, only MLX\n"
        "  b · mlx: backend-unavailable: mlx-lm is not installed\n"
        "  fix: free 2.00 GiB of main memory\n"
        "  fix: pip install 'lmrt[mlx]'\n"
        "  hint: free 2 GiB"
    )


def test_an_outranked_candidate_says_so() -> None:
    row = Alternative("a", "llama.cpp", "cpu", Outranked("slower: 5 against 9 tokens/s"))
    error = errors.NoExecutablePlan("none", rejected=(row,))
    assert "  a · llama.cpp on cpu: outranked: slower: 5 against 9 tokens/s" in error_text(error)


def test_colour_marks_the_labels_only() -> None:
    error = errors.LmrtError("broken", code="internal-error", hint="mend it")
    assert error_text(error, color=True) == (
        "\x1b[1;31merror\x1b[0m[internal-error]: broken\n  \x1b[1;36mhint\x1b[0m: mend it"
    )


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.ConfigurationError("x", code="x"), 2),
        (errors.ModelNotFound("x", code="x"), 3),
        (errors.NoExecutablePlan("x"), 4),
        (errors.NotMaterialized("x", code="x"), 5),
        (errors.LoadFailed("x", code="x"), 6),
        (errors.GenerationFailed("x", code="x"), 7),
        (errors.BackendsDisagree("x", code="x"), 8),
        (errors.LmrtError("x", code="x"), 1),
    ],
)
def test_each_class_has_its_exit_code(error: errors.LmrtError, code: int) -> None:
    assert exit_code(error) == code
    assert isinstance(error, ValueError)


def test_exit_codes_are_the_documented_ones() -> None:
    assert [int(code) for code in ExitCode] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 130]


def test_a_models_text_cannot_drive_the_terminal() -> None:
    assert for_terminal("a\x1b[31mb\r\x07c\x9bd\te\n") == "a[31mbcd\te\n"
