"""`rt models path`: where the files of a model lie."""

import sys
from typing import TYPE_CHECKING

from lmrt.cli import options
from lmrt.cli.edge import edge
from lmrt.cli.terminal import print_json

if TYPE_CHECKING:
    from lmrt.application.loader import RuntimeLoader
    from lmrt.domain.config import RuntimeConfig
    from lmrt.domain.models import Artifact


def path(
    model: options.Reference,
    backend: options.Backend = None,
    device: options.Device = None,
    context: options.Context = None,
    memory_budget: options.MemoryBudget = None,
    prefer: options.Prefer = None,
    models_dir: options.ModelsDir = None,
    offline: options.Offline = False,
    json: options.Json = False,
) -> None:
    """Print where the artifact lies that a prompt would run: a GGUF's file, else a folder.

    Nothing is downloaded: what is not here ends with exit code 5.
    """
    with edge(json=json):
        from lmrt.bootstrap.client import runtime_client
        from lmrt.cli.download_progress import downloads_shown
        from lmrt.cli.models_text import is_here, path_in
        from lmrt.cli.runtime_options import runtime_config
        from lmrt.cli.settings import read_settings

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
        with (
            downloads_shown(silent=json) as shown,
            runtime_client(aliases=settings.aliases, downloads=shown) as client,
        ):
            loader = client.runtime_loader
            artifact = _planned(loader, config)
            if not is_here(artifact):
                raise _not_here(model, artifact)
            place = path_in(artifact, loader.materialize(artifact, offline=True))
        if json:
            from lmrt.wire.models import pulled_payload

            print_json(pulled_payload(model, [(artifact, place)]))
        else:
            sys.stdout.write(f"{place}\n")


def _planned(loader: "RuntimeLoader", config: "RuntimeConfig") -> "Artifact":
    """Return the artifact that would run; the only one of a model needs no backend for that."""
    model = loader.resolve(config.model_reference, config.models_dir, offline=config.offline)
    if len(model.artifacts) == 1:
        return model.artifacts[0]
    return loader.plan(config).artifact


def _not_here(reference: str, artifact: "Artifact") -> Exception:
    from lmrt.cli.models_text import artifact_title, where
    from lmrt.domain.errors import NotMaterialized

    return NotMaterialized(
        f"{artifact_title(artifact)} of `{reference}` is not on this machine",
        code="not-downloaded",
        context={"reference": reference, "artifact": artifact.id, "where": where(artifact)},
        hint=f"rt models pull {reference}",
    )
