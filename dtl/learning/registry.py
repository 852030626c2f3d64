"""The learning modules by the word of the section ``analyses``; strings, so that listing them imports nothing."""

from __future__ import annotations

LEARNERS = {
    "anomaly": "dtl.learning.anomaly:learn",
    "calibrate": "dtl.learning.calibrate:learn",
    "clusters": "dtl.learning.clusters:curves",
    "disaggregate": "dtl.learning.disaggregate:learn",
    "forecast": "dtl.learning.forecast:learn",
    "growth": "dtl.learning.growth:learn",
    "outage_risk": "dtl.learning.transformer_duty:learn",
    "spatial": "dtl.learning.spatial:learn_feeder",
}
"""``learn(words, tables) -> LearnResult`` of a group: the words of the section, and Arrow tables by contract."""

OVER_FEEDERS = {
    "clusters": "dtl.learning.clusters:learn",
    "outage_risk": "dtl.learning.outage_risk:learn",
    "recommend": "dtl.learning.recommend:learn",
    "spatial": "dtl.learning.spatial:learn",
    "surrogate": "dtl.learning.surrogate:learn",
}
"""The same, asked of all feeders together, after `LEARNERS` were asked of each."""
