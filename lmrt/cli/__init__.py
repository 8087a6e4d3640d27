"""The command `rt`: one file per command."""
