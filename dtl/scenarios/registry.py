"""The kinds of layers: which function applies each."""

from __future__ import annotations

LAYERS = {
    "actions": "dtl.scenarios.actions:apply",
    "controls": "dtl.scenarios.controls:apply",
    "battery": "dtl.scenarios.battery:apply",
    "connection_rules": "dtl.scenarios.connection_rules:apply",
    "custom": "dtl.scenarios.custom:apply",
    "electrification": "dtl.scenarios.electrification:apply",
    "ev": "dtl.scenarios.ev:apply",
    "flexibility": "dtl.scenarios.flexibility:apply",
    "growth": "dtl.scenarios.growth:apply",
    "project": "dtl.scenarios.project:apply",
    "queue": "dtl.scenarios.queue:apply",
    "solar": "dtl.scenarios.solar:apply",
    "switching": "dtl.scenarios.switching:apply",
    "tariff": "dtl.scenarios.tariff:apply",
    "upgrades": "dtl.scenarios.upgrades:apply",
    "weather": "dtl.scenarios.weather:apply",
}
"""The function of each kind, ``apply(layer, state, context) -> State``."""

SCHEDULE = "dtl.scenarios.edited_batteries:scheduled"
"""What batteries of the utility do, known when the load is: before the kinds that act in time."""
IN_TIME = ("actions", "flexibility")
"""Kinds that act in time, on the load that all others make."""
