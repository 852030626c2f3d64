"""The analyses by the word of the study's section ``analyses``; strings, so that listing them imports nothing."""

from __future__ import annotations

ANALYSES = {
    "ageing": "dtl.analyses.ageing:ageing",
    "losses": "dtl.analyses.losses:losses",
    "thermal": "dtl.analyses.thermal:thermal",
    "voltage": "dtl.analyses.voltage:voltage",
}
"""What is asked of every case of every feeder; each is a function of `dtl.analyses.solved.Solved` that gives rows."""

OVER_CASES = {
    "hosting": "dtl.analyses.hosting.gather:gathered",
    "compare": "dtl.analyses.compare:compare",
    "compliance": "dtl.analyses.compliance:gathered",
    "mitigation": "dtl.analyses.mitigation.gather:gathered",
    "reliability": "dtl.analyses.reliability:reliability",
    "substations": "dtl.analyses.substations:substations",
    "validate": "dtl.analyses.validate:validate",
}
"""What is asked of all cases together, when the study is gathered."""
