"""Runs a prompt and shows the answer."""

import os
import sys
from typing import NoReturn

from attrs import frozen

from lmrt.bootstrap.client import runtime_client
from lmrt.cli.download_progress import DownloadDisplay, downloads_shown
from lmrt.cli.exit_codes import ExitCode
from lmrt.cli.prompt_sink import PromptSink
from lmrt.cli.terminal import print_json, say
from lmrt.domain.config import RuntimeConfig
from lmrt.domain.errors import GenerationFailed
from lmrt.domain.generation import GenerationConfig
from lmrt.domain.plans import RuntimePlan
from lmrt.domain.references import Aliases
from lmrt.ports.speed import SpeedLedger


@frozen
class Showing:
    """What is shown beside the answer.

    Attributes:
        json: One document at the end in place of everything else.
        quiet: The answer and errors only.
        stats: Tokens and speed afterwards.
        explain: The plan first.
        greeting: A line before the answer, or None.
    """

    json: bool
    quiet: bool
    stats: bool
    explain: bool
    greeting: str | None


def answer(
    text: str,
    *,
    system: str,
    config: RuntimeConfig,
    generation: GenerationConfig,
    aliases: Aliases,
    showing: Showing,
    saved: RuntimePlan | None = None,
    ledger: SpeedLedger | None = None,
) -> None:
    """Answer one prompt as it is generated, or as one document; by a saved plan, if any.

    How fast it was is kept in the ledger, if there is one.
    """
    sink = PromptSink(
        quiet=showing.quiet,
        silent=showing.json,
        explain=showing.explain,
        stats=showing.stats,
        greeting=showing.greeting,
    )
    with downloads_shown(silent=showing.json or showing.quiet) as downloads:
        try:
            with runtime_client(
                aliases=aliases, downloads=downloads, saved=saved, ledger=ledger
            ) as client:
                response = client.prompt(
                    text,
                    runtime_config=config,
                    generation_config=generation,
                    system_prompt=system,
                    sink=sink,
                )
        except GenerationFailed:
            if not sink.silent:
                # What was said stays, on a line of its own
                sink.end_line()
            raise
        except KeyboardInterrupt:
            downloads.close()
            _interrupted(sink, downloads)
    if showing.json:
        from lmrt.wire.response import response_payload

        print_json(response_payload(response))


def _interrupted(sink: PromptSink, downloads: DownloadDisplay) -> NoReturn:
    """Keep what was said and leave at once, without waiting for a load that still runs."""
    if sink.silent:
        from lmrt.wire.error import error_payload

        error = GenerationFailed(
            "interrupted", code="interrupted", context={"text": "".join(sink.said)}
        )
        print_json(error_payload(error, int(ExitCode.INTERRUPTED)))
    else:
        sink.end_line()
        say(downloads.last_words)
    sys.stdout.flush()
    os._exit(ExitCode.INTERRUPTED)
