"""A number that the solve stage imports."""

FACTOR = 2.0
