"""What is written of plans and transcripts."""

from lmrt.domain.payloads import PlanJsonPayload
from lmrt.domain.plans import RuntimePlan
from lmrt.domain.transcripts import Transcript
from lmrt.ports.transcripts import TranscriptStore


def plan_document(plan: RuntimePlan) -> PlanJsonPayload:
    """Return the document of a plan; only then are the converters imported."""
    from lmrt.wire.plan import plan_payload

    return plan_payload(plan)


def transcripts() -> TranscriptStore:
    """Return what keeps transcripts in files."""
    from lmrt.adapters.filesystem import atomic_write
    from lmrt.adapters.transcripts import FileTranscripts

    return FileTranscripts(_encode_transcript, _decode_transcript, atomic_write)


def _encode_transcript(transcript: Transcript) -> str:
    from lmrt.wire.transcript import transcript_text

    return transcript_text(transcript)


def _decode_transcript(text: str) -> Transcript:
    from lmrt.wire.transcript import transcript_from_text

    return transcript_from_text(text)
