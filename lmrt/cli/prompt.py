"""`rt prompt`: answer one prompt."""

from typing import Annotated

import typer

from lmrt.cli import options, sampling_options
from lmrt.cli.edge import edge
from lmrt.cli.inputs import prompt_text

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
        str | None,
        typer.Option(
            "--system",
            "-s",
            metavar="TEXT",
            help="System instruction; empty for none. Default: You are a helpful assistant.",
        ),
    ] = None,
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
    dtype: options.DtypeOption = None,
    memory_budget: options.MemoryBudget = None,
    prefer: options.Prefer = None,
    models_dir: options.ModelsDir = None,
    offline: options.Offline = False,
    strict: options.Strict = False,
    allow_unsafe_weights: options.AllowUnsafeWeights = False,
    saved_plan: options.SavedPlan = None,
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
        from lmrt.cli.answering import Showing, answer
        from lmrt.cli.ledgers import ledger_of
        from lmrt.cli.runtime_options import runtime_config
        from lmrt.cli.settings import read_settings
        from lmrt.domain.generation import DEFAULT_SYSTEM_PROMPT, GenerationConfig

        settings = read_settings(offline=offline)
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
        saved = None
        if saved_plan is not None:
            from lmrt.cli.replaying import replayable_plan

            pins = {
                "model": model,
                "backend": backend,
                "device": device,
                "context": context,
                "kv-type": kv_type,
                "dtype": dtype,
                "memory-budget": memory_budget,
                "prefer": prefer,
            }
            saved = replayable_plan(saved_plan, pins)
        chosen = saved.model_reference if saved else model or settings.model
        config = runtime_config(
            settings,
            chosen or BUNDLED_MODEL,
            backend=backend,
            device=device,
            context=context,
            kv_type=kv_type,
            dtype=dtype,
            memory_budget=memory_budget,
            prefer=prefer,
            models_dir=models_dir,
            strict=strict,
            allow_unsafe_weights=allow_unsafe_weights,
        )
        answer(
            prompt_text(text),
            system=DEFAULT_SYSTEM_PROMPT if system is None else system,
            config=config,
            generation=generation,
            aliases=settings.aliases,
            ledger=ledger_of(settings),
            saved=saved,
            showing=Showing(json, quiet, stats, explain, greeting=None if chosen else _BUNDLED),
        )
