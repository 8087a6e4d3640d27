"""Texts that tokenizers treat differently, and more of them made up."""

from hypothesis import strategies as st

from tests.support.tokenizer_training import corpus

TEXTS = (
    "", "a", "hello world", " hello", "  hello  ", "hello   ", "a  b   c    d     e",
    "\n", "\n\n", "a\n\nb\n", "\t\ttabs\t", " \n \t ", "\r\n crlf\r",
    "  def f():\n        return 1\n",
    "12345 67 8", "a1b22", "Ⅷ ٣٤ ১২ ²", "I'm he'll WE'VE it's", "…—“q”", "_a_ ##y",
    "東京は日本", "한국어", "שלום مرحبا بالعالم", "👋🏽🦙", "👩\u200d👩\u200d👧 family", "❤️",
    "cafe\u0301 co\u0308op", "e\u0301\u0302", "ﬁ ½ Å", "é naïve", "\u0338<",
    "\u00a0nbsp\u2003em\u3000", "\u2028x\u0085", "a\u200bb", "zero\0byte", "\U0010ffff\ue000",
    "<s>", "a</s>b", "<|im_start|>x", "<unk>", "<0x0A>", "<think>ok</think>", "x" * 50,
)  # fmt: skip
"""Spaces at both ends, lines, digits, scripts, joined emoji, marks, white space, literals."""

_WORDS = (
    "hello", " ", "  ", "\n", "\n\n", "\t", "\r\n", "'s", "'LL", "12", "345", "e\u0301", "\u0301",
    "東京", "👩\u200d👧", "\u200d", "\ufe0f", "\u00a0", "\u3000", "\u2028", "\u0085", "_", "\u017f",
    "K", "\u0661", "Ⅷ", "²", "\u0903", "\U000e0001", "<|end|>", "</s>", "<think>",
)  # fmt: skip


def texts() -> st.SearchStrategy[str]:
    """Return texts of words, trained and other letters; none holds the letter `▁`."""
    letters = sorted(set("".join(corpus())))
    parts = st.sampled_from(_WORDS) | st.sampled_from(letters) | st.text(max_size=3)
    return st.lists(parts, max_size=8).map("".join).filter(lambda text: "▁" not in text)
