"""The document of a failure."""

from lmrt.domain.errors import LmrtError, NoExecutablePlan
from lmrt.domain.payloads import JsonObject
from lmrt.wire.documents import document
from lmrt.wire.plan import converter


def error_payload(error: LmrtError, exit_code: int) -> JsonObject:
    """Return the document of an error; where no candidate could run, with all that were rejected.

    Args:
        error: What went wrong.
        exit_code: What the process ends with.
    """
    body = {
        "code": error.code,
        "message": error.message,
        "context": converter.unstructure(error.context),
        "note": error.note,
        "hint": error.hint,
    }
    if isinstance(error, NoExecutablePlan):
        body["rejected"] = [converter.unstructure(row) for row in error.rejected]
        body["counterfactuals"] = [converter.unstructure(each) for each in error.counterfactuals]
    return document("error", {"error": body, "exit_code": exit_code})
