"""`RuntimeClient`, every method of its contract, on the bundled model and llama.cpp."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Thread

import pytest

from lmrt import (
    ConfigurationError,
    Finished,
    FinishReason,
    GenerationConfig,
    LoadedRuntime,
    Message,
    NoExecutablePlan,
    NoticeRaised,
    PromptResponse,
    Role,
    RuntimeClient,
    RuntimeConfig,
    Started,
    StreamEvent,
    TextDelta,
    TextPart,
)
from lmrt.domain.generation import JsonSchemaConstraint, Tool
from tests.support.tiny_models import TinyModel, write_gguf, write_hf

GUIDE = RuntimeConfig("guide")
QUESTION = "how do I list my models?"


class StoppedError(Exception):
    """Raised by a sink that has heard enough."""


class Recorder:
    """A sink that keeps everything."""

    def __init__(self) -> None:
        self.events: list[StreamEvent] = []

    def on_event(self, event: StreamEvent) -> None:
        self.events.append(event)


@pytest.fixture(scope="module")
def client() -> Iterator[RuntimeClient]:
    with RuntimeClient() as client:
        yield client


def test_resolve_reads_headers_only(client: RuntimeClient, tmp_path: Path) -> None:
    model = client.resolve("guide", tmp_path)
    assert model.resolved_as == "alias"
    assert {artifact.format for artifact in model.artifacts} == {"GGUF", "SAFETENSORS"}
    assert model.trained_context is not None
    assert model.trained_context >= 1024
    assert model.chat_template


def test_discover_lists_what_lies_under_the_root(client: RuntimeClient, tmp_path: Path) -> None:
    write_hf(TinyModel(), tmp_path / "one")
    write_gguf(TinyModel(), tmp_path / "two" / "two.gguf")
    (tmp_path / "broken.gguf").write_text("no model")
    found = client.discover_local_models(tmp_path)
    assert [Path(model.location).name for model in found] == ["one", "two"]
    assert client.discover_local_models(tmp_path / "nowhere") == ()


def test_plan_and_its_description_agree(client: RuntimeClient) -> None:
    plan = client.plan(GUIDE)
    document = client.describe_plan(GUIDE)
    assert plan.backend == "llama.cpp"
    assert plan.artifact.id == "guide-F32.gguf"
    assert json.loads(json.dumps(document)) == document
    assert document["version"] == 1


def test_a_loaded_runtime_belongs_to_the_caller(client: RuntimeClient) -> None:
    with client.load(GUIDE) as runtime:
        assert isinstance(runtime, LoadedRuntime)
        assert runtime.facts.context_length == runtime.plan.settings.context_length
        answer = client.runtime_executor.execute(
            runtime, (Message.user(QUESTION),), GenerationConfig()
        )
        assert answer.text
    with pytest.raises(ConfigurationError) as caught:
        client.runtime_executor.execute(runtime, (Message.user("hi"),), GenerationConfig())
    assert caught.value.code == "runtime-closed"


def test_a_prompt_streams_what_it_returns(client: RuntimeClient) -> None:
    sink = Recorder()
    response = client.prompt(QUESTION, runtime_config=GUIDE, sink=sink)
    assert isinstance(sink.events[0], Started)
    assert sink.events[-1] == Finished(response)
    pieces = [event.text for event in sink.events if isinstance(event, TextDelta)]
    assert len(pieces) > 5
    assert "".join(pieces) == response.text
    assert response.message == Message.assistant(response.text)
    assert response.finish_reason is FinishReason.STOP
    assert response.usage.completion_tokens > 5
    assert response.timings.first_token is not None
    assert response.plan.backend == "llama.cpp"


def test_the_model_is_loaded_once(client: RuntimeClient) -> None:
    client.prompt(QUESTION, runtime_config=GUIDE)
    assert client.prompt(QUESTION, runtime_config=GUIDE).timings.load == 0.0


def test_a_repeated_prompt_is_not_prefilled_again(client: RuntimeClient) -> None:
    first = client.prompt("what is a KV cache?", runtime_config=GUIDE)
    again = client.prompt("what is a KV cache?", runtime_config=GUIDE)
    assert again.text == first.text
    assert again.usage.reused_tokens == again.usage.prompt_tokens - 1
    assert again.timings.prefilled_tokens == 1


def test_concurrent_prompts_answer_as_they_do_alone(client: RuntimeClient) -> None:
    questions = [f"what is {word}?" for word in ("a token", "a seed", "top-k", "GGUF")] * 3
    limit = GenerationConfig(max_tokens=24)

    def ask(question: str) -> PromptResponse:
        return client.prompt(question, runtime_config=GUIDE, generation_config=limit)

    alone = [ask(question).text for question in questions]
    with ThreadPoolExecutor(6) as pool:
        together = [response.text for response in pool.map(ask, questions)]
    assert together == alone


def test_another_configuration_takes_the_place_of_the_first(tmp_path: Path) -> None:
    tiny = write_gguf(TinyModel(), tmp_path / "tiny.gguf")
    few = GenerationConfig(max_tokens=4)
    with RuntimeClient() as client:
        first = client.prompt("a", runtime_config=GUIDE, generation_config=few)
        other = client.prompt("a", runtime_config=RuntimeConfig(str(tiny)), generation_config=few)
        back = client.prompt("a", runtime_config=GUIDE, generation_config=few)
    assert other.plan.artifact.id == "tiny.gguf"
    assert other.timings.load > 0
    assert back.text == first.text


def test_history_and_parts_make_one_conversation(client: RuntimeClient) -> None:
    history = [Message.user("what is top-p?"), Message.assistant("It is a sampling option.")]
    response = client.prompt_parts(
        [TextPart("tell me "), TextPart("more")], runtime_config=GUIDE, history=history
    )
    alone = client.prompt("tell me more", runtime_config=GUIDE)
    assert response.usage.prompt_tokens > alone.usage.prompt_tokens + 10


def test_the_system_prompt_is_prepended_when_not_empty(client: RuntimeClient) -> None:
    few = GenerationConfig(max_tokens=1)
    lengths = [
        client.prompt(
            "hi", runtime_config=GUIDE, generation_config=few, system_prompt=system
        ).usage.prompt_tokens
        for system in ("", "Be brief.", "Be brief and be kind and be quick.")
    ]
    assert lengths[0] < lengths[1] < lengths[2]


def test_logprobs_come_one_a_token(client: RuntimeClient) -> None:
    response = client.prompt(
        "hi", runtime_config=GUIDE, generation_config=GenerationConfig(max_tokens=5, logprobs=3)
    )
    assert response.logprobs is not None
    assert len(response.logprobs) == response.usage.completion_tokens
    for entry in response.logprobs:
        assert entry.logprob <= 0
        assert len(entry.top) == 3
        assert entry.logprob <= entry.top[0][2]
    said = b"".join(entry.data for entry in response.logprobs)
    assert said.decode(errors="ignore").startswith(response.text.rstrip("\ufffd"))


@pytest.mark.parametrize("media", [{"images": ("a.png",)}, {"audio": ("a.wav",)}])
def test_media_for_a_text_model_is_refused_before_anything_loads(
    client: RuntimeClient, media: dict[str, tuple[str, ...]]
) -> None:
    with pytest.raises(NoExecutablePlan) as caught:
        client.prompt("what is this?", runtime_config=GUIDE, **media)  # type: ignore[arg-type]
    codes = {rejection.code for row in caught.value.rejected for rejection in row.why.rejections}
    assert "modality-unsupported" in codes


@pytest.mark.parametrize(
    ("generation", "kind"),
    [
        (GenerationConfig(constraint=JsonSchemaConstraint("{}")), NoExecutablePlan),
        (GenerationConfig(tools=(Tool("f", "does", "{}"),)), ConfigurationError),
    ],
)
def test_what_no_backend_can_do_yet_is_refused_not_ignored(
    client: RuntimeClient, generation: GenerationConfig, kind: type[ValueError]
) -> None:
    with pytest.raises(kind):
        client.prompt("hi", runtime_config=GUIDE, generation_config=generation)


def test_a_base_model_needs_raw_text(client: RuntimeClient, tmp_path: Path) -> None:
    config = RuntimeConfig(str(write_gguf(TinyModel(template=None), tmp_path / "base.gguf")))
    with pytest.raises(ConfigurationError) as caught:
        client.prompt("hi", runtime_config=config)
    assert caught.value.code == "template-missing"
    raw = GenerationConfig(raw=True, max_tokens=3)
    assert client.prompt("hi", runtime_config=config, generation_config=raw).usage.prompt_tokens


def test_an_ignored_option_is_a_notice_and_strict_refuses_it(client: RuntimeClient) -> None:
    raw = GenerationConfig(raw=True, max_tokens=2)
    sink = Recorder()
    response = client.prompt(
        "hi", runtime_config=GUIDE, generation_config=raw, system_prompt="Be kind.", sink=sink
    )
    assert [notice.code for notice in response.notices] == ["option-ignored"]
    assert NoticeRaised(response.notices[0]) in sink.events
    with pytest.raises(ConfigurationError) as caught:
        client.prompt(
            "hi",
            runtime_config=RuntimeConfig("guide", strict=True),
            generation_config=raw,
            system_prompt="Be kind.",
        )
    assert caught.value.code == "strict-notice"


def test_a_sink_that_raises_frees_the_sequence(client: RuntimeClient) -> None:
    class Raising:
        def on_event(self, event: StreamEvent) -> None:
            if isinstance(event, TextDelta):
                raise StoppedError

    with pytest.raises(StoppedError):
        client.prompt(QUESTION, runtime_config=GUIDE, sink=Raising())
    assert client.prompt(QUESTION, runtime_config=GUIDE).text


def test_closing_ends_a_running_prompt(tmp_path: Path) -> None:
    endless = RuntimeConfig(str(write_gguf(TinyModel(context=16384), tmp_path / "endless.gguf")))
    client, responses, sink = RuntimeClient(), [], Recorder()
    generation = GenerationConfig(raw=True, temperature=0)

    def ask() -> None:
        responses.append(
            client.prompt("go", runtime_config=endless, generation_config=generation, sink=sink)
        )

    thread = Thread(target=ask)
    thread.start()
    while not any(isinstance(event, TextDelta) for event in sink.events):
        thread.join(0.01)
        assert thread.is_alive()
    client.close()
    client.close()
    thread.join(10)
    assert responses[0].finish_reason is FinishReason.CANCELLED
    assert responses[0].text
    with pytest.raises(ConfigurationError) as caught:
        client.prompt("hi", runtime_config=GUIDE)
    assert caught.value.code == "runtime-closed"


def test_a_session_remembers_and_autosaves(client: RuntimeClient, tmp_path: Path) -> None:
    path = tmp_path / "chat.json"
    session = client.session(runtime_config=GUIDE, session_name="mine", autosave_path=path)
    first = session.prompt("what is a seed?")
    second = session.prompt("tell me more")
    assert second.usage.reused_tokens > 0
    assert [turn.role for turn in session.messages] == [Role.USER, Role.ASSISTANT] * 2
    reopened = client.session(runtime_config=GUIDE, autosave_path=path)
    assert (reopened.name, reopened.messages) == ("mine", session.messages)
    assert reopened.messages[1] == first.message
    with pytest.raises(ConfigurationError) as caught:
        client.session(runtime_config=GUIDE, messages=[], autosave_path=path)
    assert caught.value.code == "transcript-exists"
    session.reset()
    assert client.session(runtime_config=GUIDE, autosave_path=path).messages == ()


def test_a_failed_turn_leaves_the_session_as_it_was(client: RuntimeClient, tmp_path: Path) -> None:
    session = client.session(
        runtime_config=GUIDE,
        messages=[Message.user("a"), Message.assistant("b")],
        autosave_path=tmp_path / "chat.json",
    )
    with pytest.raises(ConfigurationError):
        session.prompt("word " * 10_000)
    assert len(session.messages) == 2


def test_a_file_that_is_no_transcript_is_left_alone(client: RuntimeClient, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("my notes")
    with pytest.raises(ConfigurationError) as caught:
        client.session(runtime_config=GUIDE, autosave_path=path)
    assert caught.value.code == "invalid-transcript"
    assert path.read_text() == "my notes"
