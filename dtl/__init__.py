"""DTL, Digital Twin Light: a declarative study engine for electric distribution grids."""

__version__ = "0.1.0"
