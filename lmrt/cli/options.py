"""Options that several commands share; nothing heavy is imported for them."""

from pathlib import Path
from typing import Annotated

import typer

from lmrt.domain.config import Dtype, KvType, Preference

_RUNTIME = "Where and how it runs"
OUTPUT = "What is shown"

Reference = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="Alias, path, name under the models directory, or Hub repository.",
    ),
]
Stored = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="What `rt models list` shows: STORE:NAME, a name, a reference or a path.",
    ),
]
Backend = Annotated[
    str | None,
    typer.Option(help="Pin the backend: llama.cpp, mlx or torch.", rich_help_panel=_RUNTIME),
]
Device = Annotated[
    str | None,
    typer.Option(help="Pin the device: cpu, cuda:0, metal.", rich_help_panel=_RUNTIME),
]
Context = Annotated[
    int | None,
    typer.Option(
        metavar="TOKENS",
        help="Context length. Default: the trained one up to 16,384, less if memory is short.",
        rich_help_panel=_RUNTIME,
    ),
]
KvTypeOption = Annotated[
    str | None,
    typer.Option(
        "--kv-type",
        metavar="TYPE",
        help=f"Data type of the KV cache: {', '.join(KvType)}.",
        rich_help_panel=_RUNTIME,
    ),
]
DtypeOption = Annotated[
    str | None,
    typer.Option(
        "--dtype",
        metavar="TYPE",
        help=f"Data type that weights are loaded as, on mlx and torch: {', '.join(Dtype)}.",
        rich_help_panel=_RUNTIME,
    ),
]
MemoryBudget = Annotated[
    str | None,
    typer.Option(metavar="SIZE", help="Most memory to use, such as 6GB.", rich_help_panel=_RUNTIME),
]
Prefer = Annotated[
    str | None,
    typer.Option(
        metavar="|".join(Preference),
        help="What weighs most where several candidates can run.",
        rich_help_panel=_RUNTIME,
    ),
]
ModelsDir = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="Root of local models. Default: models.", rich_help_panel=_RUNTIME
    ),
]
Offline = Annotated[
    bool,
    typer.Option(
        "--offline",
        help="Open no socket: use what is on this machine.",
        rich_help_panel=_RUNTIME,
    ),
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Make every notice an error.", rich_help_panel=_RUNTIME)
]
AllowUnsafeWeights = Annotated[
    bool,
    typer.Option(
        "--allow-unsafe-weights",
        help="Read pickle weights (.bin), which can execute code: only if you trust their author.",
        rich_help_panel=_RUNTIME,
    ),
]
Json = Annotated[
    bool,
    typer.Option(
        "--json",
        help="Print one versioned JSON document, for failures too.",
        rich_help_panel=OUTPUT,
    ),
]
Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="Print the answer and errors only.", rich_help_panel=OUTPUT),
]
SavePlan = Annotated[
    Path | None,
    typer.Option(
        "--save",
        metavar="FILE",
        help="Write the plan to a file, for `rt prompt --plan`.",
        rich_help_panel=OUTPUT,
    ),
]
SaveMachine = Annotated[
    Path | None,
    typer.Option(
        "--save",
        metavar="FILE",
        help="Write this machine to a file, for `rt plan --machine` elsewhere.",
        rich_help_panel=OUTPUT,
    ),
]
Machine = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Plan for the machine in a file that `rt doctor --save` wrote.",
        rich_help_panel=_RUNTIME,
    ),
]
SavedPlan = Annotated[
    Path | None,
    typer.Option(
        "--plan",
        metavar="FILE",
        help="Run exactly the plan that `rt plan --save` wrote, or say what has changed.",
        rich_help_panel=_RUNTIME,
    ),
]
