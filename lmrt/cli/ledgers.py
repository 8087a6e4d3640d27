"""The ledger of speeds, as the user's settings want it."""

from typing import TYPE_CHECKING

from lmrt.cli.terminal import say

if TYPE_CHECKING:
    from lmrt.cli.settings import Settings
    from lmrt.ports.speed import SpeedLedger


def ledger_of(settings: "Settings") -> "SpeedLedger | None":
    """Return the ledger, or None where the settings turn it off."""
    if not settings.ledger:
        return None
    from lmrt.bootstrap.machine import speed_ledger

    return speed_ledger(lambda what: say(f"ledger: {what}"))
