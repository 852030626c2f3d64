"""The stages: what each reads, writes, and which code and data files decide its answer.

A stage is a pure function ``f(spec, inputs, outputs)``: ``spec`` is the slice of the study that it may read, as plain
JSON types; ``inputs`` maps a name to a path (or, for raw files, to a map of study-relative names to paths); ``outputs``
maps a name to the path to write. Functions are named by strings, so that this module imports nothing heavy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from dtl import layout

Scope = Literal["source", "study", "group"]


@dataclass(frozen=True)
class Stage:
    """One kind of question.

    ``per`` says of what there is one answer each. A ``cased`` stage is asked once per case and group: its function
    sees one case, the job joins the answers, so that each case is kept by itself. ``cased_inputs`` are the inputs of
    which the job hands over only the rows of the case. ``tables`` maps an output to its contract; other outputs are
    JSON files or folders. ``data`` holds globs of files beside the code, relative to the project root, that decide the
    answer. ``registry`` names a registry, ``module:NAME``, whose entries add to the code where a slice uses their kind.
    ``distributions`` are packages that the stage starts as programs, which no import shows.
    Of a cased stage that is ``alike`` the answer holds the names of its case in columns alone: see `twins`.
    An ``optional`` stage is left out of a study whose slice asks for no ``analyses`` of it.
    """

    name: str
    function: str
    per: Scope
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    tables: Mapping[str, str] = field(default_factory=dict)
    cased: bool = False
    cased_inputs: tuple[str, ...] = ()
    alike: bool = False
    data: tuple[str, ...] = ()
    registry: str = ""
    distributions: tuple[str, ...] = ()
    optional: bool = False


_SYSTEM = ("assets", "links", "meters", "placed", "series", "scada", "weather", "register", "forecast", "costs",
           "reference")  # fmt: skip

_SOLVED_BY = {
    "feeder": layout.FEEDER,
    "demand": layout.DEMAND,
    "profiles": layout.PROFILES,
    "ready": layout.READY,
    "facts": layout.GIVEN_FACTS,
    "weather": layout.WEATHER,
    "raw": "the profiles that layers name",
}
"""What it takes to compose and solve the cases of a group."""

_STAGES = (
    Stage(
        "read_source",
        "dtl.sources.read:read_source",
        per="source",
        inputs={"raw": "the files of the source"},
        outputs={"source": layout.SOURCE},
        registry="dtl.sources.registry:READERS",
        data=("dtl/sources/columns/*.yaml",),
    ),
    Stage(
        "merge_network",
        "dtl.network.merge:merge_network",
        per="study",
        inputs={"sources": layout.SOURCE, "raw": "files of overrides"},
        outputs={
            "network": layout.NETWORK,
            "findings": layout.FINDINGS,
            "conversion": layout.CONVERSION,
            "outages": layout.OUTAGES,
            "steps": layout.STEPS,
            "served": layout.SERVED,
            "assets": layout.ASSETS,
            "links": layout.LINKS,
            "meters": layout.METERS,
            "placed": layout.PLACED,
            "known": layout.KNOWN,
            "series": layout.SERIES,
            "scada": layout.SCADA,
            "weather": layout.WEATHER,
            "register": layout.REGISTER,
            "forecast": layout.FORECAST,
            "costs": layout.COSTS,
            "reference": layout.REFERENCE,
        },
        tables={n: n for n in (*_SYSTEM, "network", "findings", "conversion", "outages", "steps", "served")},
    ),
    Stage(
        "split_readings",
        "dtl.network.readings:split_readings",
        per="study",
        inputs={"known": layout.KNOWN, "placed": layout.PLACED, "raw": "the files of the meter readings"},
        outputs={"readings": layout.READINGS_DIR},
        data=("dtl/sources/columns/*.yaml",),
    ),
    Stage(
        "split_feeders",
        "dtl.network.split:split_feeders",
        per="study",
        inputs={
            "network": layout.NETWORK,
            "findings": layout.FINDINGS,
            "meters": layout.METERS,
            "readings": layout.READINGS_DIR,
            "scada": layout.SCADA,
            "weather": layout.WEATHER,
            "register": layout.REGISTER,
            "forecast": layout.FORECAST,
        },
        outputs={"index": layout.FEEDERS, "feeders": layout.FEEDER_DIR, "given": layout.GIVEN_DIR},
    ),
    Stage(
        "prepare_feeder",
        "dtl.powerflow.prepare:prepare_feeder",
        per="group",
        inputs={
            "feeder": layout.FEEDER,
            "facts": layout.GIVEN_FACTS,
            "meters": layout.GIVEN_METERS,
            "scada": layout.GIVEN_SCADA,
            "readings": layout.READINGS,
            "weather": layout.WEATHER,
            "raw": "class tables and shapes that `demand` names",
        },
        outputs={"demand": layout.DEMAND, "profiles": layout.PROFILES, "ready": layout.READY, "linked": layout.LINKED},
        tables={"demand": "demand", "profiles": "profiles", "linked": "meters"},
    ),
    Stage(
        "solve_feeder",
        "dtl.powerflow.solve:solve_feeder",
        per="group",
        inputs=_SOLVED_BY,
        outputs={
            "powerflow": layout.POWERFLOW,
            "hourly": layout.HOURLY,
            "violations": layout.VIOLATIONS,
            "composition": layout.COMPOSITION,
            "devices": layout.DEVICES,
            "kept": layout.KEPT,
            "manifest": layout.MANIFEST,
        },
        tables={n: n for n in ("powerflow", "hourly", "violations", "composition", "devices", "kept")},
        cased=True,
        alike=True,
        data=("dtl/scenarios/profiles/*.csv",),
        registry="dtl.scenarios.registry:LAYERS",
    ),
    Stage(
        "host_feeder",
        "dtl.analyses.hosting.stage:host_feeder",
        per="group",
        inputs=_SOLVED_BY,
        outputs={"hosting": layout.HOSTING},
        tables={"hosting": "hosting"},
        cased=True,
        alike=True,
        data=("dtl/scenarios/profiles/*.csv",),
        registry="dtl.scenarios.registry:LAYERS",
        optional=True,
    ),
    Stage(
        "formula_feeder",
        "dtl.analyses.hosting.formula_stage:formula_feeder",
        per="group",
        inputs={**_SOLVED_BY, "hosting": layout.HOSTING},
        outputs={"formula": layout.FORMULA},
        tables={"formula": "formula"},
        cased=True,
        cased_inputs=("hosting",),
        data=("dtl/scenarios/profiles/*.csv",),
        registry="dtl.scenarios.registry:LAYERS",
        optional=True,
    ),
    Stage(
        "sweep_feeder",
        "dtl.analyses.swept:sweep_feeder",
        per="group",
        inputs=_SOLVED_BY,
        outputs={"swept": layout.SWEPT, "hosted": layout.HOSTED},
        tables={"swept": "assess", "hosted": "hosting"},
        cased=True,
        data=("dtl/scenarios/profiles/*.csv",),
        registry="dtl.scenarios.registry:LAYERS",
        optional=True,
    ),
    Stage(
        "comply_feeder",
        "dtl.analyses.compliance_stage:comply_feeder",
        per="group",
        inputs=_SOLVED_BY,
        outputs={"compliance": layout.COMPLIANCE, "lights": layout.LIGHTS, "curtailment": layout.CURTAILMENT},
        tables={n: n for n in ("compliance", "lights", "curtailment")},
        cased=True,
        data=("dtl/scenarios/profiles/*.csv", "dtl/spec/rules/*.yaml"),
        registry="dtl.scenarios.registry:LAYERS",
        optional=True,
    ),
    Stage(
        "assess_feeder",
        "dtl.analyses.assess:assess_feeder",
        per="group",
        inputs={
            "feeder": layout.FEEDER,
            "powerflow": layout.POWERFLOW,
            "hourly": layout.HOURLY,
            "violations": layout.VIOLATIONS,
            "manifest": layout.MANIFEST,
        },
        outputs={"assess": layout.ASSESS},
        tables={"assess": "assess"},
        cased=True,
        cased_inputs=("powerflow", "hourly", "violations", "manifest"),
        registry="dtl.analyses.registry:ANALYSES",
    ),
    Stage(
        "validate_feeder",
        "dtl.analyses.validate:validate_feeder",
        per="group",
        inputs={"feeder": layout.FEEDER, "ready": layout.READY, "reference": layout.REFERENCE},
        outputs={"deviations": layout.DEVIATIONS},
        tables={"deviations": "deviations"},
        optional=True,
    ),
    Stage(
        "learn_feeder",
        "dtl.learning.stages:learn_feeder",
        per="group",
        inputs={
            "feeder": layout.FEEDER,
            "facts": layout.GIVEN_FACTS,
            "meters": layout.LINKED,
            "scada": layout.GIVEN_SCADA,
            "readings": layout.READINGS,
            "weather": layout.WEATHER,
            "register": layout.REGISTER,
            "demand": layout.DEMAND,
            "profiles": layout.PROFILES,
            "powerflow": layout.POWERFLOW,
            "hourly": layout.HOURLY,
            "violations": layout.VIOLATIONS,
            "assess": layout.ASSESS,
            "reference": layout.REFERENCE,
        },
        outputs={"learned": layout.LEARNED},
        registry="dtl.learning.registry:LEARNERS",
        optional=True,
    ),
    Stage(
        "learn",
        "dtl.learning.stages:learn",
        per="study",
        inputs={
            "index": layout.FEEDERS,
            "outages": layout.OUTAGES,
            "steps": layout.STEPS,
            "served": layout.SERVED,
            "assets": layout.ASSETS,
            "links": layout.LINKS,
            "meters": layout.METERS,
            "weather": layout.WEATHER,
            "forecast": layout.FORECAST,
            "costs": layout.COSTS,
            "feeder": layout.FEEDER,
            "assess": layout.ASSESS,
            "learned": layout.LEARNED,
            "formula": layout.FORMULA,
        },
        outputs={"learning": layout.LEARNING},
        registry="dtl.learning.registry:OVER_FEEDERS",
        optional=True,
    ),
    Stage(
        "mitigate_feeder",
        "dtl.analyses.mitigation.stage:mitigate_feeder",
        per="group",
        inputs={**_SOLVED_BY, "costs": layout.COSTS},
        outputs={"measures": layout.MEASURES, "packages": layout.PACKAGES},
        tables={n: n for n in ("measures", "packages")},
        data=("dtl/scenarios/profiles/*.csv",),
        registry="dtl.scenarios.registry:LAYERS",
        optional=True,
    ),
    Stage(
        "choose_works",
        "dtl.analyses.mitigation.choose:choose_works",
        per="study",
        inputs={"measures": layout.MEASURES, "packages": layout.PACKAGES, "costs": layout.COSTS},
        outputs={"portfolio": layout.PORTFOLIO, "proposal": layout.PROPOSAL},
        tables={"portfolio": "portfolio"},
        optional=True,
    ),
    Stage(
        "gather",
        "dtl.report.facts:gather",
        per="study",
        inputs={
            "index": layout.FEEDERS,
            "outages": layout.OUTAGES,
            "steps": layout.STEPS,
            "served": layout.SERVED,
            "reference": layout.REFERENCE,
            "deviations": layout.DEVIATIONS,
            "assess": layout.ASSESS,
            "hosting": layout.HOSTING,
            "manifest": layout.MANIFEST,
            "scada": layout.SCADA,
            "hourly": layout.HOURLY,
            "assets": layout.ASSETS,
            "compliance": layout.COMPLIANCE,
            "lights": layout.LIGHTS,
            "curtailment": layout.CURTAILMENT,
            "measures": layout.MEASURES,
            "packages": layout.PACKAGES,
            "portfolio": layout.PORTFOLIO,
        },
        outputs={"cube": layout.CUBE},
        tables={"cube": "cube"},
        registry="dtl.analyses.registry:OVER_CASES",
    ),
    Stage(
        "write_site",
        "dtl.report.write:write_site",
        per="study",
        inputs={
            "cube": layout.CUBE,
            "index": layout.FEEDERS,
            "findings": layout.FINDINGS,
            "conversion": layout.CONVERSION,
            "meters": layout.LINKED,
            "series": layout.SERIES,
            "links": layout.LINKS,
            "feeder": layout.FEEDER,
            "powerflow": layout.POWERFLOW,
            "hourly": layout.HOURLY,
            "manifest": layout.MANIFEST,
            "hosting": layout.HOSTING,
            "devices": layout.DEVICES,
            "kept": layout.KEPT,
            "deviations": layout.DEVIATIONS,
            "outages": layout.OUTAGES,
            "assets": layout.ASSETS,
            "compliance": layout.COMPLIANCE,
            "lights": layout.LIGHTS,
            "curtailment": layout.CURTAILMENT,
            "swept": layout.SWEPT,
            "hosted": layout.HOSTED,
            "learning": layout.LEARNING,
            "measures": layout.MEASURES,
            "packages": layout.PACKAGES,
            "portfolio": layout.PORTFOLIO,
            "proposal": layout.PROPOSAL,
        },
        outputs={"site": layout.SITE},
        data=("dtl/report/templates/**/*", "site/**/*"),
    ),
    Stage(
        "build_site",
        "dtl.report.build:build_site",
        per="study",
        inputs={"site": layout.SITE},
        outputs={"www": layout.WWW},
        distributions=("mkdocs", "mkdocs-material", "markdown", "pymdown-extensions", "jinja2", "pygments"),
    ),
    Stage(
        "publish_site",
        "dtl.report.public.write:publish_site",
        per="study",
        inputs={
            "index": layout.FEEDERS,
            "outages": layout.OUTAGES,
            "steps": layout.STEPS,
            "served": layout.SERVED,
            "feeder": layout.FEEDER,
            "powerflow": layout.POWERFLOW,
            "hourly": layout.HOURLY,
            "assess": layout.ASSESS,
            "manifest": layout.MANIFEST,
            "hosting": layout.HOSTING,
        },
        outputs={"public": layout.PUBLIC},
        data=("dtl/report/templates/**/*", "site/**/*"),
        distributions=("mkdocs", "mkdocs-material", "markdown", "pymdown-extensions", "jinja2", "pygments"),
        optional=True,
    ),
)

STAGES: Mapping[str, Stage] = {s.name: s for s in _STAGES}
"""The stages in the order in which they run; a rule, a stage and its log have one name."""
