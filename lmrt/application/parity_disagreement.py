"""The error that stands for a parity check's disagreement."""

from lmrt.domain.errors import BackendsDisagree
from lmrt.domain.parity.report import ParityReport
from lmrt.domain.parity.verdicts import Disagree, Stage

_HINTS = {
    Stage.RENDERED_PROMPT: "the artifacts have different chat templates: convert the model again",
    Stage.TOKEN_IDS: "the artifacts have different tokenizers (splitting, added tokens, beginning "
    "of sequence): convert the model again",
    Stage.LOGITS: "the artifacts hold different weights or settings, such as the base of RoPE, or "
    "a backend computes this architecture wrongly",
    Stage.END: "the artifacts name different end tokens: convert the model again",
}


def disagreement(report: ParityReport) -> BackendsDisagree | None:
    """Return the error for the first pair and prompt of a report that disagree, or None."""
    for pair in report.pairs:
        one, other = pair.backends
        for compared in pair.prompts:
            match compared.verdict:
                case Disagree(stage, reason):
                    return BackendsDisagree(
                        f"`{one}` and `{other}` disagree about `{report.model_reference}`, prompt "
                        f"{compared.prompt + 1}, {stage}: {reason}",
                        code="backends-disagree",
                        context={
                            "backends": [one, other],
                            "prompt": compared.prompt,
                            "stage": str(stage),
                        },
                        hint=_HINTS[stage],
                    )
                case _:
                    continue
    return None
