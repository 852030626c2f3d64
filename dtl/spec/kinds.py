"""The kinds of layers, in the one order in which they apply; light to import."""

from __future__ import annotations

ORDER = (
    "weather",
    "upgrades",
    "queue",
    "project",
    "switching",
    "controls",
    "growth",
    "electrification",
    "ev",
    "custom",
    "connection_rules",
    "solar",
    "tariff",
    "battery",
    "actions",
    "flexibility",
)
"""A stack is a set: the order in which a study lists it means nothing. Actions and flexibility act in time, on the
load that all others make."""
