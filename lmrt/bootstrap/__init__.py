"""The composition root: the only place that knows every adapter, a file for each sort of part."""
