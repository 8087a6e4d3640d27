from lmrt.domain.messages import Message
from lmrt.domain.planning import plan
from lmrt.domain.plans import PlanRequest
from lmrt.domain.responses import FinishReason, PromptResponse, TextLogprob, Timings, Usage
from lmrt.wire.response import response_payload
from tests.support.json_values import not_plain
from tests.support.worlds import GIB, Q4, gguf_backend, gpu, machine, model

BOX = machine(64 * GIB, accelerators=(gpu(24 * GIB),))
PLAN = plan(PlanRequest(), model(Q4), BOX, [gguf_backend()])
RESPONSE = PromptResponse(
    text="Hello",
    message=Message.assistant("Hello"),
    finish_reason=FinishReason.STOP,
    usage=Usage(prompt_tokens=12, completion_tokens=4, reused_tokens=2),
    timings=Timings(
        load=1.0, first_token=0.5, decode=1.5, total=2.0, prefilled_tokens=10, decoded_tokens=3
    ),
    plan=PLAN,
    notices=PLAN.notices,
    logprobs=(TextLogprob(7, b"He\xff", -0.25, ((7, b"He\xff", -0.25), (9, b"", -3.0))),),
)


def test_an_answer_is_one_document() -> None:
    payload = response_payload(RESPONSE)

    assert not_plain(payload) == []
    assert (payload["version"], payload["kind"]) == (1, "response")
    assert (payload["text"], payload["finish_reason"]) == ("Hello", "stop")
    assert payload["usage"] == {
        "prompt_tokens": 12,
        "completion_tokens": 4,
        "reused_tokens": 2,
        "total_tokens": 16,
    }
    assert payload["timings"]["prefill_rate"] == 20.0
    assert payload["timings"]["decode_rate"] == 2.0


def test_notices_come_with_code_and_message() -> None:
    (notice,) = response_payload(RESPONSE)["notices"]

    assert notice["code"] == "cpu-fallback"
    assert notice["message"] == PLAN.notices[0].message


def test_the_plan_is_summed_up() -> None:
    summary = response_payload(RESPONSE)["plan"]

    assert summary["artifact"] == "Q4_K_M.gguf"
    assert (summary["backend"], summary["specialization"]) == ("alpha", "cpu")
    assert summary["settings"]["context_length"] == 16_384
    assert summary["reason"] == PLAN.reason


def test_tokens_are_base64() -> None:
    assert response_payload(RESPONSE)["logprobs"] == [
        {
            "token": 7,
            "data": "SGX/",
            "logprob": -0.25,
            "top": [
                {"token": 7, "data": "SGX/", "logprob": -0.25},
                {"token": 9, "data": "", "logprob": -3.0},
            ],
        }
    ]
