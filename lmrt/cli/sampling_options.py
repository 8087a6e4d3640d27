"""The generation settings as options."""

from typing import Annotated

import typer

_PANEL = "How it answers"

MaxTokens = Annotated[
    int | None,
    typer.Option(
        "--max-tokens",
        "-n",
        metavar="N",
        help="Most tokens to generate. Default: until the answer ends or the context is full.",
        rich_help_panel=_PANEL,
    ),
]
Temperature = Annotated[
    float | None,
    typer.Option("--temperature", "-t", metavar="F", help="0 is greedy.", rich_help_panel=_PANEL),
]
TopK = Annotated[
    int | None,
    typer.Option(
        metavar="N", help="Keep the N most likely tokens; 0 keeps all.", rich_help_panel=_PANEL
    ),
]
TopP = Annotated[
    float | None,
    typer.Option(
        metavar="F",
        help="Keep the smallest set of tokens that reaches this probability.",
        rich_help_panel=_PANEL,
    ),
]
MinP = Annotated[
    float | None,
    typer.Option(
        metavar="F",
        help="Drop tokens below this share of the likeliest one's probability.",
        rich_help_panel=_PANEL,
    ),
]
RepetitionPenalty = Annotated[
    float | None,
    typer.Option(metavar="F", help="Weaken tokens seen; 1 is off.", rich_help_panel=_PANEL),
]
PresencePenalty = Annotated[
    float | None,
    typer.Option(metavar="F", help="Weaken tokens seen, once each.", rich_help_panel=_PANEL),
]
FrequencyPenalty = Annotated[
    float | None,
    typer.Option(metavar="F", help="Weaken tokens for each time seen.", rich_help_panel=_PANEL),
]
PenaltyWindow = Annotated[
    int | None,
    typer.Option(
        metavar="N", help="Tokens that the penalties look back at.", rich_help_panel=_PANEL
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(metavar="N", help="Make sampling reproducible.", rich_help_panel=_PANEL),
]
Stop = Annotated[
    list[str] | None,
    typer.Option(
        metavar="TEXT", help="End the answer before this text; repeatable.", rich_help_panel=_PANEL
    ),
]
Raw = Annotated[
    bool,
    typer.Option(
        "--raw",
        help="Give the text to the model without a chat template (base models).",
        rich_help_panel=_PANEL,
    ),
]
