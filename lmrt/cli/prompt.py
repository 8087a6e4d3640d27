"""`rt prompt`: answer one prompt."""

import os
import sys
from typing import Annotated, NoReturn

import typer

from lmrt.cli import options, sampling_options
from lmrt.cli.edge import edge
from lmrt.cli.exit_codes import ExitCode
from lmrt.cli.inputs import prompt_text
from lmrt.cli.prompt_sink import PromptSink
from lmrt.cli.settings import read_settings
from lmrt.cli.terminal import print_json, say
from lmrt.domain.config import RuntimeConfig
from lmrt.domain.errors import GenerationFailed
from lmrt.domain.generation import DEFAULT_SYSTEM_PROMPT, GenerationConfig

BUNDLED_MODEL = "guide"
_BUNDLED = (
    f"using the bundled model `{BUNDLED_MODEL}`, which knows lmrt and nothing else; choose a real "
    "one with `--model`, `RT_MODEL` or `model` in the configuration file"
)


def prompt(
    text: Annotated[
        str | None, typer.Argument(help="What to say. Piped text is added after a blank line.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            "-m",
            metavar="MODEL",
            help="Alias, path, name under the models directory, or Hub repository.",
        ),
    ] = None,
    system: Annotated[
        str, typer.Option("--system", "-s", metavar="TEXT", help="System instruction.")
    ] = DEFAULT_SYSTEM_PROMPT,
    max_tokens: sampling_options.MaxTokens = None,
    temperature: sampling_options.Temperature = None,
    top_k: sampling_options.TopK = None,
    top_p: sampling_options.TopP = None,
    min_p: sampling_options.MinP = None,
    repetition_penalty: sampling_options.RepetitionPenalty = None,
    presence_penalty: sampling_options.PresencePenalty = None,
    frequency_penalty: sampling_options.FrequencyPenalty = None,
    penalty_window: sampling_options.PenaltyWindow = None,
    seed: sampling_options.Seed = None,
    stop: sampling_options.Stop = None,
    raw: sampling_options.Raw = False,
    backend: options.Backend = None,
    device: options.Device = None,
    context: options.Context = None,
    kv_type: options.KvTypeOption = None,
    memory_budget: options.MemoryBudget = None,
    prefer: options.Prefer = None,
    models_dir: options.ModelsDir = None,
    strict: options.Strict = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
    stats: Annotated[
        bool,
        typer.Option("--stats", help="Show tokens and speed.", rich_help_panel="What is shown"),
    ] = False,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Show the plan first.", rich_help_panel="What is shown"),
    ] = False,
) -> None:
    """Answer one prompt, as it is generated.

    Answers go to stdout, everything else to stderr. Ctrl-C stops the answer and keeps what was
    said.
    """
    with edge(json=json):
        settings = read_settings()
        generation = GenerationConfig(
            max_tokens=max_tokens,
            temperature=temperature,
            top_k=top_k,
            top_p=top_p,
            min_p=min_p,
            repetition_penalty=repetition_penalty,
            presence_penalty=presence_penalty,
            frequency_penalty=frequency_penalty,
            penalty_window=penalty_window,
            seed=seed,
            stop=tuple(stop) if stop else None,
            raw=raw or None,
        )
        chosen = model or settings.model
        config = options.runtime_config(
            settings,
            chosen or BUNDLED_MODEL,
            backend=backend,
            device=device,
            context=context,
            kv_type=kv_type,
            memory_budget=memory_budget,
            prefer=prefer,
            models_dir=models_dir,
            strict=strict,
        )
        said = prompt_text(text)
        sink = PromptSink(
            quiet=quiet,
            silent=json,
            explain=explain,
            stats=stats,
            greeting=None if chosen else _BUNDLED,
        )
        _answer(said, system, config, generation, dict(settings.aliases), sink)


def _answer(
    text: str,
    system: str,
    config: RuntimeConfig,
    generation: GenerationConfig,
    aliases: dict[str, str],
    sink: PromptSink,
) -> None:
    from lmrt.bootstrap import runtime_client

    try:
        with runtime_client(aliases=aliases) as client:
            response = client.prompt(
                text,
                runtime_config=config,
                generation_config=generation,
                system_prompt=system,
                sink=sink,
            )
    except KeyboardInterrupt:
        _interrupted(sink)
    if sink.silent:
        from lmrt.wire.response import response_payload

        print_json(response_payload(response))


def _interrupted(sink: PromptSink) -> NoReturn:
    """Keep what was said and leave at once, without waiting for a load that still runs."""
    if sink.silent:
        from lmrt.wire.error import error_payload

        error = GenerationFailed(
            "interrupted", code="interrupted", context={"text": "".join(sink.said)}
        )
        print_json(error_payload(error, int(ExitCode.INTERRUPTED)))
    else:
        sink.end_line()
        say("interrupted")
    sys.stdout.flush()
    os._exit(ExitCode.INTERRUPTED)
