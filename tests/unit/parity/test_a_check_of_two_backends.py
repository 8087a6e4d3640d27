"""The whole check over fake backends: what it asks of them, what it finds, what it refuses."""

import math
from collections.abc import Sequence
from pathlib import Path

import pytest
from attrs import evolve

from lmrt.adapters.fake import (
    FakeBackend,
    FakeModel,
    FakeTokenizer,
    Language,
    hashed_language,
)
from lmrt.application.parity import ROUND
from lmrt.application.parity_disagreement import disagreement
from lmrt.domain.parity.request import DEFAULT_PROMPTS
from lmrt.domain.parity.verdicts import Agree, Disagree, Explained, Stage
from lmrt.domain.plans import RuntimePlan
from lmrt.domain.prompts import PromptSection
from lmrt.ports.backend import LoadedModel, LoadProgress
from tests.support.parity import (
    MODEL,
    ONE,
    OTHER,
    TEMPLATE,
    TwoBackends,
    report_on,
    request,
    write_both,
)

EOS = 257
SPREAD = 16.0
"""The two likeliest tokens lie this far above the others."""


def speaking(*, gap: float = 4.0, noise: float = 0.0, wrong_at: float = 0.0) -> Language:
    """Return a language that says `a` a little rather than `b`, then the end token.

    Args:
        gap: How far `a` lies above `b`.
        noise: Added to the logit of `b`.
        wrong_at: Added to the logit of a token that is never said.
    """

    def logits(tokens: Sequence[int]) -> list[float]:
        row = [0.0] * 261
        row[ord("a")], row[ord("b")] = SPREAD, SPREAD - gap + noise
        row[ord("z")] = wrong_at
        if len(tokens) % 7 == 0:
            row[EOS] = 2 * SPREAD
        return row

    return logits


def test_equal_backends_agree_to_the_last_figure(tmp_path: Path) -> None:
    report = report_on(tmp_path, TwoBackends())
    (pair,) = report.pairs
    assert report.verdict == Agree()
    assert disagreement(report) is None
    assert pair.backends == (ONE, OTHER)
    assert [run.artifact for run in report.backends] == ["tiny.gguf", "SAFETENSORS"]
    for row in pair.prompts:
        assert (row.same_text, row.same_tokens) == (True, True)
        assert row.shared_tokens == max(row.answer_tokens) > 0
        assert row.logits is not None
        assert row.logits.largest_difference == 0.0
        assert row.logits.spread > row.logits.tolerance > 0.0
        assert (row.logits.shared_top, row.logits.top) == (10, 10)
        assert row.logits.margin is None


def test_the_prompts_are_those_of_the_request(tmp_path: Path) -> None:
    assert len(DEFAULT_PROMPTS) == 8
    report = report_on(tmp_path, TwoBackends(), prompts=DEFAULT_PROMPTS, max_tokens=3)
    assert report.prompts == DEFAULT_PROMPTS
    assert [row.prompt for row in report.pairs[0].prompts] == list(range(8))
    assert all(run.answer_tokens == 24 for run in report.backends)


def test_more_prompts_than_one_round_holds(tmp_path: Path) -> None:
    many = tuple(f"prompt {number}" for number in range(ROUND + 3))
    report = report_on(tmp_path, TwoBackends(), prompts=many, max_tokens=1)
    assert [row.prompt for row in report.pairs[0].prompts] == list(range(ROUND + 3))
    assert report.verdict == Agree()


def test_a_near_tie_is_explained(tmp_path: Path) -> None:
    # In f32 2 ** -11 of the spread is explained, here 0.008.
    two = TwoBackends(one=speaking(gap=0.003), other=speaking(gap=0.003, noise=0.006))
    report = report_on(tmp_path, two)
    (pair,) = report.pairs
    assert isinstance(report.verdict, Explained)
    assert disagreement(report) is None
    logits = pair.prompts[0].logits
    assert logits is not None
    assert (pair.prompts[0].shared_tokens, logits.position) == (0, 0)
    assert logits.largest_difference == pytest.approx(0.006, abs=1e-5)
    assert logits.margin == pytest.approx(0.003, abs=1e-5)
    assert logits.tolerance == pytest.approx(SPREAD / 2048)
    assert "f32 arithmetic" in report.verdict.reason


def test_a_difference_beyond_the_types_is_not(tmp_path: Path) -> None:
    two = TwoBackends(one=speaking(gap=0.003), other=speaking(gap=0.003, noise=0.03))
    report = report_on(tmp_path, two)
    assert isinstance(report.verdict, Disagree)
    assert report.verdict.stage is Stage.LOGITS
    error = disagreement(report)
    assert error is not None
    assert error.code == "backends-disagree"
    assert error.context == {"backends": [ONE, OTHER], "prompt": 0, "stage": "logits"}


def test_logits_count_even_where_the_answers_are_the_same(tmp_path: Path) -> None:
    report = report_on(tmp_path, TwoBackends(one=speaking(), other=speaking(wrong_at=0.1)))
    (pair,) = report.pairs
    assert pair.prompts[0].shared_tokens == max(pair.prompts[0].answer_tokens)
    assert isinstance(pair.verdict, Disagree)
    assert pair.verdict.stage is Stage.LOGITS


def test_a_backend_that_draws_another_token_than_its_logits_say(tmp_path: Path) -> None:
    """Equal logits when asked for, but another token drawn: a cache that went wrong."""
    one, other = TwoBackends(one=speaking(), other=speaking()).backends()

    class Forgetful(FakeBackend):
        def load(
            self, plan: RuntimePlan, root: Path, progress: LoadProgress | None = None
        ) -> LoadedModel:
            draws = not self.loaded
            language = speaking(gap=-4.0) if draws else speaking()
            model = FakeBackend(self.answer, language).load(plan, root, progress)
            assert isinstance(model, FakeModel)
            self.loaded.append(model)
            return model

    broken = Forgetful(other.answer)
    report = TwoBackends().check((one, broken)).run(request(write_both(tmp_path)))
    assert isinstance(report.verdict, Disagree)
    assert report.verdict.stage is Stage.LOGITS
    assert "draw tokens 4 apart" in report.verdict.reason


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_logits_that_are_no_numbers(tmp_path: Path, value: float) -> None:
    report = report_on(tmp_path, TwoBackends(one=speaking(), other=speaking(wrong_at=value)))
    assert isinstance(report.verdict, Disagree)
    assert report.verdict.stage is Stage.LOGITS
    logits = report.pairs[0].prompts[0].logits
    assert logits is not None
    assert logits.largest_difference is None


def test_a_doubled_beginning_in_one_template(tmp_path: Path) -> None:
    doubled = evolve(MODEL, template="{{ bos_token }}" + TEMPLATE)
    folder = write_both(tmp_path, one=doubled)
    report = TwoBackends().check().run(request(folder))
    assert isinstance(report.verdict, Disagree)
    assert report.verdict.stage is Stage.RENDERED_PROMPT
    assert "given “<bos><bos><system>" in report.verdict.reason
    row = report.pairs[0].prompts[0]
    assert (row.same_text, row.same_tokens) == (False, False)
    assert (row.shared_tokens, row.logits) == (None, None)


class Upper(FakeTokenizer):
    """Reads every text in capitals: other ids for the same text."""

    def encode(self, sections: Sequence[PromptSection]) -> Sequence[int]:
        lower = range(ord("a"), ord("z") + 1)
        return [token - 32 if token in lower else token for token in super().encode(sections)]


def test_a_tokenizer_that_gives_other_ids(tmp_path: Path) -> None:
    report = report_on(tmp_path, TwoBackends(other_tokenizer=Upper()))
    assert isinstance(report.verdict, Disagree)
    assert report.verdict.stage is Stage.TOKEN_IDS
    assert report.verdict.reason.startswith(
        f"the ids part at token 4: `{ONE}` is given [111, 117, 32, "
    )


class Endless(FakeTokenizer):
    """Knows no end token."""

    @property
    def end_tokens(self) -> frozenset[int]:
        return frozenset()


def test_an_end_that_only_one_knows(tmp_path: Path) -> None:
    two = TwoBackends(one=speaking(), other=speaking(), other_tokenizer=Endless())
    report = report_on(tmp_path, two)
    assert isinstance(report.verdict, Disagree)
    assert report.verdict.stage is Stage.END
    assert f"`{ONE}` ends its answer after" in report.verdict.reason
    assert f"token {EOS}" in report.verdict.reason


def test_a_model_without_a_template_is_given_raw_text(tmp_path: Path) -> None:
    bare = evolve(MODEL, template=None)
    folder = write_both(tmp_path, one=bare, other=bare)
    report = TwoBackends().check().run(request(folder, prompts=("raw",)))
    assert report.verdict == Agree()
    assert [run.prompt_tokens for run in report.backends] == [4, 4]


def test_what_is_being_done_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    TwoBackends(one=hashed_language(seed=1), other=hashed_language(seed=1)).check().run(
        request(write_both(tmp_path)), told.append
    )
    assert told == [
        *(f"{ONE}: {what}" for what in ("loading", "prompt 1 of 2", "prompt 2 of 2")),
        *(f"{OTHER}: {what}" for what in ("loading", "prompt 1 of 2", "prompt 2 of 2")),
        *(f"{ONE}: {what}" for what in ("loading", "logits 1", "logits 2")),
        *(f"{OTHER}: {what}" for what in ("loading", "logits 1", "logits 2")),
    ]
