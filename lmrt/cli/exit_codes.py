"""What the process exits with."""

from enum import IntEnum

from lmrt.domain import errors


class ExitCode(IntEnum):
    """The exit codes of `rt`."""

    DONE = 0
    INTERNAL = 1
    USAGE = 2
    MODEL_NOT_FOUND = 3
    NO_EXECUTABLE_PLAN = 4
    NOT_MATERIALIZED = 5
    LOAD_FAILED = 6
    GENERATION_FAILED = 7
    BACKENDS_DISAGREE = 8
    INTERRUPTED = 130


def exit_code(error: errors.LmrtError) -> ExitCode:
    """Return the exit code of an error."""
    match error:
        case errors.ConfigurationError():
            return ExitCode.USAGE
        case errors.ModelNotFound():
            return ExitCode.MODEL_NOT_FOUND
        case errors.NoExecutablePlan():
            return ExitCode.NO_EXECUTABLE_PLAN
        case errors.NotMaterialized():
            return ExitCode.NOT_MATERIALIZED
        case errors.LoadFailed():
            return ExitCode.LOAD_FAILED
        case errors.GenerationFailed():
            return ExitCode.GENERATION_FAILED
        case errors.BackendsDisagree():
            return ExitCode.BACKENDS_DISAGREE
        case _:
            return ExitCode.INTERNAL
