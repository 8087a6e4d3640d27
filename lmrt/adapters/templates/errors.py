"""What a template raises, as the project's error."""

from jinja2.exceptions import TemplateError, TemplateSyntaxError

from lmrt.adapters.templates.environment import RaisedByTemplateError
from lmrt.domain.errors import GenerationFailed

RAISED_BY_TEMPLATES = (
    TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)
"""A template is a program from outside; its expressions can raise what Python's can."""


def template_failed(error: BaseException, model: str, *, with_system: bool) -> GenerationFailed:
    """Return the error for a template that failed.

    Args:
        error: What it raised.
        model: The model's name.
        with_system: Whether the conversation holds a system instruction.
    """
    line = _line_of(error)
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
    place = "" if line is None else f" at line {line}"
    refused = isinstance(error, RaisedByTemplateError)
    hint = "`--raw` gives the text to the model without a template"
    if refused and with_system:
        hint = 'the template may take no system instruction: leave it empty with `--system ""`'
    return GenerationFailed(
        f"the chat template of `{model}` failed{place}: {reason}",
        code="template-failed",
        context={"model": model, "line": line, "reason": reason, "error": type(error).__name__},
        note="the template refuses this conversation" if refused else None,
        hint=hint,
    )


def _line_of(error: BaseException) -> int | None:
    if isinstance(error, TemplateSyntaxError):
        return error.lineno
    line = None
    trace = error.__traceback__
    while trace is not None:
        # Jinja gives the frames of a template its own line numbers and this file name
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
