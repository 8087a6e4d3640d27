"""Implementations of the ports, one folder each; they do not know each other."""
