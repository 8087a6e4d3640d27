"""The ledger of speeds: one file of JSON lines in the cache directory."""

from lmrt.adapters.ledger.file import FileSpeedLedger

__all__ = ["FileSpeedLedger"]
