from pathlib import Path

import pytest

from lmrt.domain.config import KvType
from lmrt.domain.errors import ConfigurationError, LmrtError, NoExecutablePlan
from lmrt.domain.planning import plan
from lmrt.domain.plans import PlanRequest
from lmrt.wire.error import error_payload
from tests.support.json_values import not_plain
from tests.support.worlds import GIB, Q4, gguf_backend, machine, missing_backend, model


def test_an_error_is_one_document() -> None:
    error = ConfigurationError(
        "`context` is 0", code="invalid-option", context={"option": "context"}, hint="give more"
    )

    assert error_payload(error, 2) == {
        "version": 1,
        "kind": "error",
        "error": {
            "code": "invalid-option",
            "message": "`context` is 0",
            "context": {"option": "context"},
            "note": None,
            "hint": "give more",
        },
        "exit_code": 2,
    }


def test_what_stands_in_the_context_becomes_plain() -> None:
    error = LmrtError("x", code="x", context={"path": Path("/a"), "kv": KvType.F16, "n": (1, 2)})

    payload = error_payload(error, 1)

    assert not_plain(payload) == []
    assert payload["error"]["context"] == {"path": "/a", "kv": "f16", "n": [1, 2]}


def test_a_refusal_lists_every_candidate_with_its_reasons() -> None:
    with pytest.raises(NoExecutablePlan) as caught:
        plan(
            PlanRequest(), model(Q4), machine(8 * GIB, 4 * GIB), [gguf_backend(), missing_backend()]
        )

    payload = error_payload(caught.value, 4)

    assert not_plain(payload) == []
    near, far = payload["error"]["rejected"]
    (shortage,) = near["why"]["rejections"]
    assert near["device"] == "cpu"
    assert near["candidate"]["settings"]["context_length"] == 4096
    assert shortage["code"] == "memory-exceeded"
    assert shortage["short_by"] == shortage["needed"] - shortage["free"] > 0
    assert shortage["message"].endswith("short by 1.36 GiB")
    assert (shortage["to_free"], shortage["held"]) == (shortage["short_by"], 4 * GIB)
    assert shortage["fix"] == "free 1.36 GiB of main memory"
    assert [found["code"] for found in far["why"]["rejections"]] == [
        "backend-unavailable",
        "format-unsupported",
    ]
    assert far["why"]["rejections"][0]["fix"] == "pip install beta"
