"""Values and rules: attrs and the standard library only, no I/O, no clock, no environment."""
