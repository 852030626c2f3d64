"""The learning modules by the word of the section ``analyses``; strings, so that listing them imports nothing."""

from __future__ import annotations

LEARNERS = {
    "anomaly": "dtl.learning.anomaly:learn",
    "clusters": "dtl.learning.clusters:learn",
    "disaggregate": "dtl.learning.disaggregate:learn",
    "forecast": "dtl.learning.forecast:learn",
    "growth": "dtl.learning.growth:learn",
}
"""``learn(words, tables) -> LearnResult``: the words of the study's section, and the Arrow tables by contract."""
