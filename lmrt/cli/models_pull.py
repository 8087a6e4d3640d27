"""`rt models pull`: download the artifact that runs best here."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lmrt.cli import options
from lmrt.cli.edge import edge
from lmrt.cli.terminal import for_terminal, print_json, say, show_notice

if TYPE_CHECKING:
    from lmrt.application.loader import RuntimeLoader
    from lmrt.domain.config import RuntimeConfig
    from lmrt.domain.models import Artifact
    from lmrt.domain.notices import Notice


def pull(
    model: options.Reference,
    variant: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Download this artifact: its name, its quantization or its format.",
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Download every artifact but pickle weights.")
    ] = False,
    backend: options.Backend = None,
    device: options.Device = None,
    context: options.Context = None,
    memory_budget: options.MemoryBudget = None,
    prefer: options.Prefer = None,
    models_dir: options.ModelsDir = None,
    offline: options.Offline = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Download the artifact that runs best on this machine, and print where it lies.

    What is planned for a prompt is downloaded, into the Hugging Face cache, which other tools
    share. An interrupted download goes on where it was.
    """
    with edge(json=json):
        from lmrt.bootstrap.client import runtime_client
        from lmrt.cli.download_progress import downloads_shown
        from lmrt.cli.runtime_options import runtime_config
        from lmrt.cli.settings import read_settings
        from lmrt.domain.options import invalid_option

        if variant is not None and every:
            raise invalid_option("variant", variant, "left out beside `--all`")
        settings = read_settings(offline=offline)
        config = runtime_config(
            settings,
            model,
            backend=backend,
            device=device,
            context=context,
            memory_budget=memory_budget,
            prefer=prefer,
            models_dir=models_dir,
        )
        silent = json or quiet
        with (
            downloads_shown(silent=silent) as shown,
            runtime_client(aliases=settings.aliases, downloads=shown) as client,
        ):
            loader = client.runtime_loader
            try:
                chosen = _chosen(loader, config, variant=variant, every=every, silent=silent)
                pulled = [
                    (artifact, loader.materialize(artifact, offline=config.offline))
                    for artifact in chosen
                ]
            except KeyboardInterrupt:
                shown.interrupted(json=json)
        if not silent:
            _tell_of_what_was_here(chosen)
        _show(model, pulled, json=json)


def _chosen(
    loader: "RuntimeLoader",
    config: "RuntimeConfig",
    *,
    variant: str | None,
    every: bool,
    silent: bool,
) -> "list[Artifact]":
    """Return what is to be downloaded, and say why."""
    from lmrt.cli.models_text import artifact_title
    from lmrt.domain.errors import NoExecutablePlan
    from lmrt.domain.models import ArtifactFormat
    from lmrt.domain.variants import named_variant

    if variant is None and not every:
        try:
            plan = loader.plan(config)
        except NoExecutablePlan as error:
            error.hint = error.hint or "`--variant NAME` or `--all` downloads it all the same"
            raise
        if not silent:
            chosen = f"chosen {artifact_title(plan.artifact)} for {plan.backend}: {plan.reason}"
            say(for_terminal(chosen))
            _tell(plan.notices)
        return [plan.artifact]
    model = loader.resolve(config.model_reference, config.models_dir, offline=config.offline)
    if not silent:
        _tell(model.notices)
    if variant is not None:
        return [named_variant(model, variant)]
    safe = [one for one in model.artifacts if one.format is not ArtifactFormat.PICKLE]
    if not silent and len(safe) < len(model.artifacts):
        say("left out: pickle weights, which can execute code")
    return safe


def _tell(notices: "tuple[Notice, ...]") -> None:
    for notice in notices:
        show_notice(notice)


def _tell_of_what_was_here(chosen: "list[Artifact]") -> None:
    from lmrt.cli.models_text import is_here

    for artifact in chosen:
        if is_here(artifact):
            say(for_terminal(f"`{artifact.id}` is on this machine already"))


def _show(reference: str, pulled: "list[tuple[Artifact, Path]]", *, json: bool) -> None:
    from lmrt.cli.models_text import path_in

    if json:
        from lmrt.wire.models import pulled_payload

        places = [(artifact, path_in(artifact, root)) for artifact, root in pulled]
        print_json(pulled_payload(reference, places))
        return
    for artifact, root in pulled:
        sys.stdout.write(f"{path_in(artifact, root)}\n")
