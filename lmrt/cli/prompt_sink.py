"""Shows an answer as it comes."""

import sys

from lmrt.cli.explain import plan_lines
from lmrt.cli.terminal import for_terminal, say, show_notice
from lmrt.domain.plans import RuntimePlan
from lmrt.domain.responses import (
    Finished,
    NoticeRaised,
    PromptResponse,
    Started,
    StreamEvent,
    TextDelta,
)


class PromptSink:
    """Writes text to stdout and everything else to stderr.

    Args:
        quiet: Whether only the answer and errors are shown.
        explain: Whether the plan is shown first.
        stats: Whether tokens and speed are shown last.
        greeting: A line to show before the answer, or None.

    Attributes:
        silent: Whether nothing is written at all, because JSON follows.
        said: The pieces of the answer so far.
    """

    def __init__(
        self, *, quiet: bool, silent: bool, explain: bool, stats: bool, greeting: str | None
    ) -> None:
        self.silent = silent
        self.said: list[str] = []
        self._quiet = quiet
        self._explain = explain
        self._stats = stats
        self._greeting = greeting
        self._terminal = sys.stdout.isatty()

    def on_event(self, event: StreamEvent) -> None:
        """Take one event."""
        match event:
            case TextDelta(text):
                self.said.append(text)
                if not self.silent:
                    sys.stdout.write(for_terminal(text) if self._terminal else text)
                    sys.stdout.flush()
            case Started(plan) if not self.silent:
                self._start(plan)
            case NoticeRaised(notice) if not (self._quiet or self.silent):
                show_notice(notice)
            case Finished(response) if not self.silent:
                self.end_line()
                if self._stats:
                    say(stats_line(response))
            case _:
                pass

    def _start(self, plan: RuntimePlan) -> None:
        if self._greeting and not self._quiet:
            say(self._greeting)
        if self._explain:
            say(for_terminal("\n".join(plan_lines(plan))))

    def end_line(self) -> None:
        """End the answer's last line, unless it has ended or nothing was said."""
        if self.said and not self.said[-1].endswith("\n"):
            sys.stdout.write("\n")
            sys.stdout.flush()


def stats_line(response: PromptResponse) -> str:
    """Return tokens and speed of an answer in one line."""
    usage, timings = response.usage, response.timings
    parts = [
        f"prompt {usage.prompt_tokens:,} tokens ({usage.reused_tokens:,} reused)",
        f"answer {usage.completion_tokens:,} tokens ({response.finish_reason})",
    ]
    if timings.load:
        parts.append(f"load {timings.load:.2f} s")
    if timings.first_token is not None:
        parts.append(f"first token {timings.first_token:.3f} s")
    if timings.decode_rate is not None:
        parts.append(f"decode {timings.decode_rate:,.1f} tokens/s")
    return " · ".join(parts)
