"""Resolve, plan, load and execute, over domain values and ports only."""
