import json

import pytest

from lmrt.domain.errors import ConfigurationError
from lmrt.domain.messages import (
    AudioPart,
    ImagePart,
    MediaBytes,
    MediaUri,
    Message,
    ReasoningPart,
    Role,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from lmrt.domain.transcripts import Transcript
from lmrt.wire.transcript import transcript_from_text, transcript_payload, transcript_text
from tests.support.json_values import not_plain

TRANSCRIPT = Transcript(
    name="tour",
    system_prompt="Be brief.",
    messages=(
        Message(
            Role.USER,
            (
                ImagePart(MediaBytes(bytes(range(256)), "image/png")),
                AudioPart(MediaUri("file:///a.wav")),
                TextPart("Grüße 🎈 \x00 \u2028"),
            ),
        ),
        Message(Role.ASSISTANT, (ReasoningPart("hm"), ToolCallPart("1", "look", "{}"))),
        Message(Role.TOOL, (ToolResultPart("1", "nothing"),)),
        Message.assistant(""),
    ),
    model_reference="guide",
)


def test_every_kind_of_part_survives() -> None:
    assert transcript_from_text(transcript_text(TRANSCRIPT)) == TRANSCRIPT
    assert not_plain(transcript_payload(TRANSCRIPT)) == []


def test_the_document_is_versioned_and_tagged() -> None:
    payload = transcript_payload(TRANSCRIPT)

    assert (payload["version"], payload["kind"]) == (1, "transcript")
    image, audio, text = payload["messages"][0]["parts"]
    assert image["type"] == "image"
    assert image["source"]["type"] == "bytes"
    assert image["source"]["data"].startswith("AAECAwQF")
    assert audio == {"type": "audio", "source": {"type": "uri", "uri": "file:///a.wav"}}
    assert text["type"] == "text"


def test_text_is_kept_readable_in_the_file() -> None:
    assert "Grüße 🎈" in transcript_text(TRANSCRIPT)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no JSON: "),
        ("{", "no JSON: "),
        ("[" * 100_000, "no JSON: "),
        ("[]", "must be an object @ $"),
        ('{"version": 1, "kind": "plan"}', "must be 'transcript', not 'plan' @ $.kind"),
    ],
)
def test_what_is_no_transcript_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        transcript_from_text(text)
    assert caught.value.code == "invalid-document"
    assert caught.value.message.startswith(f"this is no transcript document: {problem}")
    assert "\n" not in caught.value.message


def test_media_that_is_no_base64_is_refused() -> None:
    payload = transcript_payload(TRANSCRIPT)
    payload["messages"][0]["parts"][0]["source"]["data"] = "***"

    with pytest.raises(ConfigurationError) as caught:
        transcript_from_text(json.dumps(payload))
    assert caught.value.context["problems"] == [
        "must be base64, not '***' @ $.messages[0].parts[0].source.data"
    ]
