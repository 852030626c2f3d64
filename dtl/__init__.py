"""DTL, Digital Twin Light: a declarative study engine for electric distribution grids."""

import os

__version__ = "0.1.0"

# Libraries take the locale when they are loaded: under a Turkish one the power-flow engine does not know its own words
# with an I, since the small letter of I is another one there.
os.environ["LC_ALL"] = "C.UTF-8"
