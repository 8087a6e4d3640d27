"""The judge takes a text for a topic's only if it is nearly that topic's text."""

from pathlib import Path

from guide.judge import Label, make_judge
from tests.guide.samples import knowledge


def test_judges(tmp_path: Path) -> None:
    judge = make_judge(knowledge(tmp_path))
    exact = judge.judge("More of the drum.")
    assert (exact.label, exact.exact) == (Label("drum", "more"), True)
    near = judge.judge("A drum is one of the four things in this tests.")
    assert (near.label, near.exact) == (Label("drum", "answer"), False)
    garbled = judge.judge("A drum is is is of A drum the of")
    assert garbled.label is None
    assert garbled.nearest.topic == "drum"
    assert judge.judge("I know four things only.").label == Label("off-topic", "answer")
    assert judge.judge("").label is None
