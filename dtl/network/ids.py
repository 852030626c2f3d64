"""What the id of a feeder must look like, since it names files, folders and web addresses."""

from __future__ import annotations

import re

SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+@~-]*")
"""What an id must match as a whole."""
