"""The transcript document: a conversation as it is kept in a file."""

import json
from typing import Any

from lmrt.domain.errors import ConfigurationError
from lmrt.domain.messages import (
    AudioPart,
    ContentPart,
    ImagePart,
    MediaBytes,
    MediaSource,
    MediaUri,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from lmrt.domain.payloads import JsonObject
from lmrt.domain.transcripts import Transcript
from lmrt.wire.documents import document, read_document
from lmrt.wire.strict import strict_converter
from lmrt.wire.tagged import register_union

KIND = "transcript"

_TYPES: dict[type, str] = {
    TextPart: "text",
    ImagePart: "image",
    AudioPart: "audio",
    ReasoningPart: "reasoning",
    ToolCallPart: "tool-call",
    ToolResultPart: "tool-result",
    MediaUri: "uri",
    MediaBytes: "bytes",
}


def transcript_payload(transcript: Transcript) -> JsonObject:
    """Return the document of a transcript; media by value are base64."""
    return document(KIND, _CONVERTER.unstructure(transcript))


def transcript_from_payload(payload: Any) -> Transcript:
    """Return the transcript of a document.

    Raises:
        ConfigurationError: It is no transcript document (`invalid-document`).
    """
    return read_document(_CONVERTER, payload, KIND, Transcript)


def transcript_text(transcript: Transcript) -> str:
    """Return the document as the text of a file."""
    return json.dumps(transcript_payload(transcript), ensure_ascii=False, indent=2) + "\n"


def transcript_from_text(text: str) -> Transcript:
    """Return the transcript in the text of a file.

    Raises:
        ConfigurationError: It is no transcript document (`invalid-document`).
    """
    try:
        payload = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ConfigurationError(
            f"this is no {KIND} document: no JSON: {error}",
            code="invalid-document",
            context={"kind": KIND, "problems": [str(error)]},
        ) from error
    return transcript_from_payload(payload)


def _converter() -> Any:
    made = strict_converter()
    for union in (MediaSource, ContentPart):
        register_union(made, union, "type", _TYPES.__getitem__)
    return made


_CONVERTER = _converter()
