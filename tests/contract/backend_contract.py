"""What the backend port promises, as tests that every backend must pass.

A subclass says how to load a small model; the tests only use the port.
"""

import math
import threading
from collections.abc import Callable, Sequence
from typing import ClassVar

import psutil
import pytest
from attrs import evolve

from lmrt.domain.config import KvType
from lmrt.domain.errors import ConfigurationError, LmrtError, LoadFailed
from lmrt.domain.generation import RegexConstraint
from lmrt.domain.plans import ExecutionSettings
from lmrt.domain.sampling import GREEDY, SamplingSettings, distribution
from lmrt.domain.sequences import (
    AtCapacity,
    EndReason,
    PrefillDone,
    PrefixReuse,
    SequenceEnded,
    SequenceHandle,
    SequenceRequest,
    TokenSampled,
)
from lmrt.ports.backend import LoadedModel, LoadProgress
from tests.support.chi_square import fits
from tests.support.plans import execution_settings
from tests.support.sequences import admit, drain, request, run, sort_events

Load = Callable[..., LoadedModel]

PROMPT = (7, 21, 30, 7, 21, 9, 28, 7)
OTHER = (22, 23, 24, 25, 26)
WARM = SamplingSettings(temperature=0.9, top_k=0, top_p=1.0, min_p=0.0, seed=11)

SAMPLINGS = {
    "plain": SamplingSettings(temperature=1.0, top_k=0, top_p=1.0, min_p=0.0),
    "hot": SamplingSettings(temperature=2.5, top_k=0, top_p=1.0, min_p=0.0),
    "top-k": SamplingSettings(temperature=1.3, top_k=6, top_p=1.0, min_p=0.0),
    "top-p": SamplingSettings(temperature=1.3, top_k=0, top_p=0.7, min_p=0.0),
    "min-p": SamplingSettings(temperature=1.3, top_k=0, top_p=1.0, min_p=0.1),
    "defaults": SamplingSettings(temperature=0.8, top_k=40, top_p=0.95, min_p=0.05),
    "top-p after top-k": SamplingSettings(temperature=1.5, top_k=8, top_p=0.8, min_p=0.0),
    "min-p after top-p": SamplingSettings(temperature=2.0, top_k=0, top_p=0.9, min_p=0.15),
    "penalties": SamplingSettings(
        temperature=1.2,
        top_k=0,
        top_p=1.0,
        min_p=0.0,
        repetition_penalty=1.7,
        presence_penalty=0.6,
        frequency_penalty=0.9,
        penalty_window=5,
    ),
    "negative penalties": SamplingSettings(
        temperature=0.7,
        top_k=30,
        top_p=0.98,
        min_p=0.01,
        repetition_penalty=0.6,
        presence_penalty=-1.0,
        frequency_penalty=-0.5,
        penalty_window=64,
    ),
}


class BackendContract:
    """Subclasses implement `load_model`, and `load_broken` where a load can fail."""

    draws: ClassVar[int] = 800
    """Samples of each distribution test."""

    def load_model(
        self, settings: ExecutionSettings, progress: LoadProgress | None = None
    ) -> LoadedModel:
        """Load a model with a vocabulary of 32 at least."""
        raise NotImplementedError

    def load_broken(self, settings: ExecutionSettings) -> LoadedModel:
        """Load something that the engine refuses."""
        raise NotImplementedError

    @pytest.fixture
    def load(self, request: pytest.FixtureRequest) -> Load:
        """Load with settings given as keywords; closed when the test is over."""

        def load(**settings: object) -> LoadedModel:
            model = self.load_model(execution_settings(**settings))  # type: ignore[arg-type]
            request.addfinalizer(model.close)
            return model

        return load

    # What comes out

    def test_greedy_tokens_are_the_largest_logits(self, load: Load) -> None:
        model = load()
        assert run(model, request(PROMPT)).tokens == greedy(model, PROMPT, 16)

    @pytest.mark.parametrize(("repetition", "each"), [(1.5, 1.5), (0.4, -1.0)])
    def test_greedy_penalties_look_back_over_prompt_and_answer(
        self, load: Load, repetition: float, each: float
    ) -> None:
        model = load()
        settings = SamplingSettings(
            temperature=0.0,
            top_k=3,
            top_p=0.5,
            min_p=0.5,
            repetition_penalty=repetition,
            presence_penalty=each,
            frequency_penalty=each / 2,
            penalty_window=6,
        )
        drawn = run(model, request(PROMPT, sampling=settings, max_tokens=24)).tokens
        assert drawn == greedy(model, PROMPT, 24, settings)
        if repetition < 1:
            assert drawn != greedy(model, PROMPT, 24), "the penalties changed nothing"

    def test_a_penalty_window_may_be_longer_than_any_context(self, load: Load) -> None:
        model = load()
        long = SamplingSettings(
            temperature=0.0,
            top_k=0,
            top_p=1.0,
            min_p=0.0,
            frequency_penalty=2.0,
            penalty_window=2**40,
        )
        drawn = run(model, request(PROMPT, sampling=long)).tokens
        assert drawn == greedy(model, PROMPT, 16, long)

    def test_a_seed_reproduces(self, load: Load) -> None:
        model = load()
        asked = request(PROMPT, sampling=WARM)
        first = run(model, asked).tokens
        assert run(model, asked).tokens == first
        assert run(load(), asked).tokens == first

    def test_seeds_differ(self, load: Load) -> None:
        model = load()
        hot = SAMPLINGS["hot"]
        requests = [request(PROMPT, sampling=seeded(hot, seed)) for seed in range(8)]
        assert len({tuple(run(model, asked).tokens) for asked in requests}) == 8

    def test_no_seed_is_a_random_one(self, load: Load) -> None:
        model = load()
        unseeded = seeded(SAMPLINGS["hot"], None)
        answers = {tuple(run(model, request(PROMPT, sampling=unseeded)).tokens) for _ in range(4)}
        assert len(answers) > 1

    @pytest.mark.parametrize("name", SAMPLINGS)
    def test_samples_follow_the_domain_distribution(self, load: Load, name: str) -> None:
        model, settings = load(), SAMPLINGS[name]
        expected = distribution(list(model.logits(PROMPT)), settings, PROMPT)
        samples = [
            run(model, request(PROMPT, sampling=seeded(settings, seed), max_tokens=1)).tokens[0]
            for seed in range(self.draws)
        ]
        assert fits(samples, expected)

    def test_log_probabilities_are_those_of_the_raw_logits(self, load: Load) -> None:
        model = load()
        heard = run(model, request(PROMPT, sampling=SAMPLINGS["penalties"], logprobs=3))
        text = list(PROMPT)
        for token, reported in zip(heard.tokens, heard.logprobs, strict=True):
            expected = log_softmax(model.logits(text))
            assert reported is not None
            assert reported.chosen == pytest.approx(expected[token], abs=1e-3)
            best = sorted(range(len(expected)), key=lambda entry: -expected[entry])[:3]
            assert [entry for entry, _ in reported.top] == best
            assert [value for _, value in reported.top] == pytest.approx(
                [expected[entry] for entry in best], abs=1e-3
            )
            text.append(token)

    def test_no_alternatives_still_reports_the_chosen_token(self, load: Load) -> None:
        heard = run(load(), request(PROMPT, logprobs=0, max_tokens=2))
        assert [one is not None and one.top for one in heard.logprobs] == [(), ()]

    # How it ends

    def test_the_end_token_is_reported_then_the_end(self, load: Load) -> None:
        model = load()
        hot = seeded(SAMPLINGS["hot"], 2)
        tokens = run(model, request(PROMPT, sampling=hot)).tokens
        end = next(token for token in tokens if tokens.index(token) >= 3)
        heard = run(model, request(PROMPT, sampling=hot, end_tokens=[end]))
        assert heard.tokens == tokens[: tokens.index(end) + 1]
        assert heard.reason is EndReason.END_TOKEN

    def test_max_tokens_ends_it(self, load: Load) -> None:
        heard = run(load(), request(PROMPT, max_tokens=5))
        assert (len(heard.tokens), heard.reason) == (5, EndReason.MAX_TOKENS)

    def test_a_full_context_ends_it(self, load: Load) -> None:
        model = load(context_length=256)
        room = model.facts.context_length - len(PROMPT)
        heard = run(model, request(PROMPT, max_tokens=None))
        assert (len(heard.tokens), heard.reason) == (room, EndReason.CONTEXT_FULL)
        heard = run(model, request(PROMPT, max_tokens=room + 1))
        assert (len(heard.tokens), heard.reason) == (room, EndReason.CONTEXT_FULL)
        heard = run(model, request(PROMPT, max_tokens=room))
        assert (len(heard.tokens), heard.reason) == (room, EndReason.MAX_TOKENS)

    def test_events_come_in_order(self, load: Load) -> None:
        heard = run(load(), request(PROMPT, max_tokens=3))
        kinds = [type(event) for event in heard.events]
        assert kinds == [PrefillDone, TokenSampled, TokenSampled, TokenSampled, SequenceEnded]

    # What is refused

    def test_a_prompt_that_fills_the_context_is_refused_with_both_numbers(self, load: Load) -> None:
        model = load(context_length=256)
        context = model.facts.context_length
        assert len(run(model, request([9] * (context - 1))).tokens) == 1
        with pytest.raises(ConfigurationError) as caught:
            model.admit(request([9] * context))
        assert caught.value.code == "prompt-too-long"
        assert caught.value.context == {"prompt_tokens": context, "context_length": context}
        assert str(context) in caught.value.message
        assert caught.value.hint is not None

    @pytest.mark.parametrize(
        ("tokens", "code"),
        [((), "empty-prompt"), ((3, -1), "unreadable-input"), ((10**6, 3), "unreadable-input")],
    )
    def test_tokens_that_are_none_are_refused(
        self, load: Load, tokens: tuple[int, ...], code: str
    ) -> None:
        model = load()
        for refuse in (lambda: model.admit(request(tokens)), lambda: model.logits(tokens)):
            with pytest.raises(ConfigurationError) as caught:
                refuse()
            assert caught.value.code == code

    def test_a_constraint_is_refused(self, load: Load) -> None:
        constrained = SequenceRequest(
            tokens=PROMPT, sampling=GREEDY, constraint=RegexConstraint("a+")
        )
        with pytest.raises(ConfigurationError) as caught:
            load().admit(constrained)
        assert caught.value.code == "feature-unsupported"

    # Many sequences

    def test_sequences_that_join_and_leave_get_the_tokens_they_get_alone(self, load: Load) -> None:
        alone = load()
        asked = [
            request(PROMPT, max_tokens=20),
            request(OTHER, max_tokens=5, sampling=seeded(WARM, 3)),
            request((*PROMPT, *OTHER), max_tokens=12, sampling=seeded(SAMPLINGS["penalties"], 5)),
            request(OTHER * 30, max_tokens=9),
        ]
        expected = [run(alone, one).tokens for one in asked]
        model = load(batch_size=16)
        handles: list[SequenceHandle] = []
        heard = drain(model)
        for one in asked:
            handles.append(admit(model, one))
            for _ in range(3):
                sort_events(heard, model.step())
        for _ in range(100):
            sort_events(heard, model.step())
        assert [heard[handle].tokens for handle in handles] == expected

    def test_more_sequences_than_there_is_room_for_wait(self, load: Load) -> None:
        model = load(max_sequences=2)
        first, second = (admit(model, request(PROMPT, max_tokens=n)) for n in (2, 6))
        assert isinstance(model.admit(request(OTHER)), AtCapacity)
        drain(model, first)
        third = admit(model, request(OTHER, max_tokens=3))
        heard = drain(model, second, third)
        assert heard[third].tokens == run(load(), request(OTHER, max_tokens=3)).tokens

    def test_reserved_cells_are_kept_for_their_sequence(self, load: Load) -> None:
        model = load(context_length=512)
        context = model.facts.context_length
        whole = admit(model, request(PROMPT, max_tokens=None))
        assert isinstance(model.admit(request(OTHER, max_tokens=1)), AtCapacity)
        model.release(whole)
        drain(model, whole)
        half = request(PROMPT, max_tokens=context // 2 - len(PROMPT))
        handles = [admit(model, half), admit(model, half)]
        assert isinstance(model.admit(request(OTHER, max_tokens=1)), AtCapacity)
        heard = drain(model, *handles)
        assert [len(heard[handle].tokens) for handle in handles] == [half.max_tokens] * 2

    def test_old_text_makes_room_for_new(self, load: Load) -> None:
        model = load(context_length=256, max_sequences=4)
        for start in range(8):
            heard = run(model, request(rotated(start), max_tokens=None))
            assert heard.reason is EndReason.CONTEXT_FULL

    def test_handles_are_never_used_twice(self, load: Load) -> None:
        model = load()
        handles = []
        for _ in range(5):
            handles.append(admit(model, request(PROMPT, max_tokens=1)))
            drain(model, handles[-1])
        assert len(set(handles)) == 5

    def test_two_models_run_at_once(self, load: Load) -> None:
        one, other = load(), load()
        expected = run(one, request(PROMPT)).tokens
        handles = admit(one, request(PROMPT)), admit(other, request(PROMPT))
        heard = drain(one), drain(other)
        for _ in range(40):
            sort_events(heard[0], one.step())
            sort_events(heard[1], other.step())
        assert [heard[at][handles[at]].tokens for at in (0, 1)] == [expected, expected]

    # Prefixes

    def test_text_computed_before_is_not_computed_again(self, load: Load) -> None:
        model = load()
        asked = request(PROMPT, max_tokens=10)
        first = run(model, asked)
        assert (first.prefill.reused, first.prefill.processed) == (0, len(PROMPT))
        answer = [*PROMPT, *first.tokens]
        longer = run(model, request([*answer, *OTHER], max_tokens=10))
        if model.facts.prefix_reuse is not PrefixReuse.NONE:
            assert longer.prefill.reused >= len(answer) - 1
        assert longer.prefill.reused + longer.prefill.processed == len(answer) + len(OTHER)
        assert longer.tokens == run(load(), request([*answer, *OTHER], max_tokens=10)).tokens

    def test_the_same_prompt_again_computes_its_last_token_only(self, load: Load) -> None:
        model = load()
        if model.facts.prefix_reuse is not PrefixReuse.ANY:
            pytest.skip("the engine cannot go back inside a text")
        asked = request(PROMPT, max_tokens=10)
        first, again = run(model, asked), run(model, asked)
        assert (again.prefill.reused, again.prefill.processed) == (len(PROMPT) - 1, 1)
        assert again.tokens == first.tokens

    def test_a_prefix_is_shared_with_a_live_sequence(self, load: Load) -> None:
        model = load()
        if model.facts.prefix_reuse is not PrefixReuse.ANY:
            pytest.skip("the engine cannot go back inside a text")
        first = admit(model, request(PROMPT, max_tokens=12))
        model.step()
        second = admit(model, request([*PROMPT[:-1], *OTHER], max_tokens=12))
        heard = drain(model, first, second)
        assert heard[second].prefill.reused == len(PROMPT) - 1
        fresh = load()
        assert (
            heard[second].tokens
            == run(fresh, request([*PROMPT[:-1], *OTHER], max_tokens=12)).tokens
        )
        assert heard[first].reason is EndReason.MAX_TOKENS

    # Release

    def test_release_takes_effect_with_the_next_step(self, load: Load) -> None:
        model = load()
        gone = admit(model, request(PROMPT, max_tokens=100))
        stays = admit(model, request(OTHER, max_tokens=20))
        heard = drain(model)
        for _ in range(3):
            sort_events(heard, model.step())
        thread = threading.Thread(target=model.release, args=(gone,))
        thread.start()
        thread.join()
        events = [event for event in model.step() if event.handle == gone]
        assert events == [SequenceEnded(gone, EndReason.RELEASED)]
        sort_events(heard, [])
        for _ in range(30):
            sort_events(heard, model.step())
        assert not [event for event in heard[gone].events if isinstance(event, SequenceEnded)]
        assert heard[stays].over

    def test_release_before_the_first_step_draws_nothing(self, load: Load) -> None:
        model = load()
        handle = admit(model, request(PROMPT))
        model.release(handle)
        assert model.step() == [SequenceEnded(handle, EndReason.RELEASED)]
        assert not model.step()

    def test_release_in_the_middle_of_a_prompt(self, load: Load) -> None:
        model = load(batch_size=8)
        handle = admit(model, request(OTHER * 20))
        model.step()
        model.release(handle)
        assert model.step() == [SequenceEnded(handle, EndReason.RELEASED)]
        assert run(model, request(OTHER * 20)).tokens == run(load(), request(OTHER * 20)).tokens

    def test_release_of_what_is_not_live_is_ignored(self, load: Load) -> None:
        model = load()
        over = admit(model, request(PROMPT, max_tokens=1))
        drain(model, over)
        for handle in (over, over, SequenceHandle(10**6), SequenceHandle(-1)):
            model.release(handle)
        assert not model.step()
        assert len(run(model, request(PROMPT)).tokens) == 16

    def test_release_from_other_threads_while_stepping(self, load: Load) -> None:
        model = load()
        expected = run(model, request(OTHER, max_tokens=30)).tokens
        for _ in range(30):
            gone = admit(model, request(PROMPT, max_tokens=200))
            stays = admit(model, request(OTHER, max_tokens=30))
            thread = threading.Thread(target=model.release, args=(gone,))
            thread.start()
            heard = drain(model, gone, stays)
            thread.join()
            assert heard[gone].reason in (EndReason.RELEASED, EndReason.MAX_TOKENS)
            assert heard[stays].tokens == expected

    # Logits

    def test_logits_leave_live_sequences_alone(self, load: Load) -> None:
        model = load(context_length=256, max_sequences=1)
        expected = run(model, request(PROMPT, max_tokens=200)).tokens
        handle = admit(model, request(PROMPT, max_tokens=200))
        heard = drain(model)
        for _ in range(220):
            if len(heard[handle].tokens) % 50 == 3:
                model.logits([*OTHER] * 40)
            sort_events(heard, model.step())
        assert heard[handle].tokens == expected

    def test_logits_are_one_for_each_vocabulary_entry(self, load: Load) -> None:
        model = load()
        logits = model.logits(PROMPT)
        assert len(logits) == model.facts.vocabulary_size
        assert all(math.isfinite(logit) for logit in logits)
        assert list(logits) == list(model.logits(list(PROMPT)))

    # Load and close

    @pytest.mark.parametrize("kv_type", [KvType.F32, KvType.F16])
    @pytest.mark.parametrize("flash_attention", [False, True])
    def test_facts_match_the_plan(self, load: Load, kv_type: KvType, flash_attention: bool) -> None:
        model = load(
            context_length=512,
            max_sequences=3,
            kv_type=kv_type,
            flash_attention=flash_attention,
        )
        facts = model.facts
        assert (facts.context_length, facts.max_sequences) == (512, 3)
        assert facts.kv_type is kv_type
        assert facts.flash_attention in (flash_attention, None)
        assert facts.layers_on_device == 0
        assert facts.weight_bytes > 0
        assert facts.engine
        assert len(run(model, request(PROMPT)).tokens) == 16

    def test_progress_goes_from_0_to_1(self) -> None:
        told: list[float] = []
        self.load_model(execution_settings(), told.append).close()
        assert told == sorted(told)
        assert (told[0], told[-1]) == (0.0, 1.0)

    def test_with_nothing_live_a_step_returns_nothing(self, load: Load) -> None:
        assert not load().step()

    def test_a_closed_model_says_so(self, load: Load) -> None:
        model = load()
        handle = admit(model, request(PROMPT))
        model.step()
        model.close()
        model.close()
        model.release(handle)
        calls: Sequence[Callable[[], object]] = (
            lambda: model.admit(request(PROMPT)),
            model.step,
            lambda: model.logits(PROMPT),
        )
        for call in calls:
            with pytest.raises(LmrtError) as caught:
                call()
            assert caught.value.code == "runtime-closed"

    def test_loading_again_and_again_takes_no_memory(self) -> None:
        sizes = []
        for _ in range(23):
            model = self.load_model(execution_settings())
            run(model, request(PROMPT))
            model.close()
            sizes.append(resident())
        assert sizes[-1] - sizes[2] < 4 << 20

    def test_a_failing_load_names_the_reason_and_leaves_nothing_behind(self) -> None:
        sizes = []
        for _ in range(23):
            with pytest.raises(LoadFailed) as caught:
                self.load_broken(execution_settings())
            assert caught.value.code == "engine-load-failed"
            assert caught.value.note
            sizes.append(resident())
        assert sizes[-1] - sizes[2] < 4 << 20
        model = self.load_model(execution_settings())
        assert len(run(model, request(PROMPT)).tokens) == 16
        model.close()

    def test_nothing_is_printed(self, load: Load, capfd: pytest.CaptureFixture[str]) -> None:
        model = load()
        run(model, request(PROMPT, sampling=WARM))
        model.logits(PROMPT)
        model.close()
        with pytest.raises(LoadFailed):
            self.load_broken(execution_settings())
        assert capfd.readouterr() == ("", "")


def rotated(start: int) -> list[int]:
    """Return a prompt of 40 tokens that differs for each of the first starts."""
    return [(start + place) % 31 for place in range(40)]


def greedy(
    model: LoadedModel, prompt: Sequence[int], count: int, settings: SamplingSettings = GREEDY
) -> list[int]:
    """Return the tokens that the domain draws greedily from the model's logits."""
    text = list(prompt)
    for _ in range(count):
        text += distribution(list(model.logits(text)), settings, text)
    return text[len(prompt) :]


def seeded(settings: SamplingSettings, seed: int | None) -> SamplingSettings:
    """Return the settings with another seed."""
    return evolve(settings, seed=seed)


def log_softmax(logits: Sequence[float]) -> list[float]:
    """Return the logarithms of the softmax."""
    values = [float(logit) for logit in logits]
    peak = max(values)
    norm = peak + math.log(sum(math.exp(value - peak) for value in values))
    return [value - norm for value in values]


def resident() -> int:
    """Return the bytes of memory that this process holds."""
    return int(psutil.Process().memory_info().rss)
