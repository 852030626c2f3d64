"""A synthetic utility of which every truth is known, in the formats of real ones.

It stands alone: it has its own writers, uses OpenDSS for its voltages, and imports nothing of DTL but ``errors`` and
``units``, so that what it is used to test cannot leak into it.
"""

from __future__ import annotations

from dtl.synth.command import add_parser, run

__all__ = ["add_parser", "run"]
