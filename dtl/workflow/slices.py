"""What each stage may read of a study: plain JSON, made once, with nothing cosmetic but where pages are written."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from dtl.spec import feeders, twins
from dtl.spec.areas import AreaTable
from dtl.spec.canonical import plain
from dtl.spec.network import MeterMatching
from dtl.spec.stacked import files, in_service, words
from dtl.spec.study import Case, Study
from dtl.workflow import fingerprint, stated
from dtl.workflow.questions import Job, origin, raw_names
from dtl.workflow.stage import Stage
from dtl.workflow.stages import STAGES

READ = ("ami", "costs", "cyme_results", "epw", "forecast", "generators", "gis", "oms", "open_meteo", "scada",
        "weather_file")  # fmt: skip
"""The kinds of sources that are read though they are no network."""


class Slices:
    """The jobs of one study: each stage's slice, code digest and raw files.

    A slice decides the key of an answer, so a word that does not change a stage's answer must not be in its slice.
    That of `gather` carries the definitions of all cases and how they are solved: if one of them is new, so is the
    slice, and `plan` knows without solving that `gather` will be asked anew.
    """

    def __init__(self, study: Study, stages: Mapping[str, Stage] = STAGES, code: fingerprint.Code | None = None):
        self.study = study
        self.stages = stages
        self._code = code or fingerprint.Code()
        self._shared: dict[str, dict[str, Any]] = {}
        self._makers: Mapping[str, Callable[[], dict[str, Any]]] = {
            "merge_network": self._merge_network,
            "split_feeders": self._split_feeders,
            "split_readings": lambda: {"ami": self._ami, "together": self.study.network.together},
            "prepare_feeder": self._prepare_feeder,
            "solve_feeder": self._solve_feeder,
            "host_feeder": self._host_feeder,
            "formula_feeder": self._formula_feeder,
            "sweep_feeder": self._sweep_feeder,
            "comply_feeder": lambda: self._of_some_cases("compliance"),
            "assess_feeder": self._assess_feeder,
            "validate_feeder": self._validate_feeder,
            "learn_feeder": lambda: self._learning("learn_feeder"),
            "learn": lambda: self._learning("learn_feeder", "learn"),
            "mitigate_feeder": lambda: self._of_some_cases("mitigation"),
            "choose_works": self._choose_works,
            "gather": self._gather,
            "write_site": self._write_site,
            "build_site": lambda: {"study": self.study.name, "spec": self.study.digest},
            "publish_site": self._publish_site,
        }

    @property
    def sources(self) -> list[str]:
        """The names of the sources that are read, sorted: the model, and what is no network, whoever asks for it."""
        return sorted(n for n, s in self.study.sources.items() if n == self.study.network.model or s.kind in READ)

    def job(self, stage: str, of: str = "") -> Job:
        """The job of a stage; `of` is the source or the group, where the stage has one of each."""
        asked = self.stages[stage]
        spec = self._spec(stage, of)
        code = self._code.digests(asked, spec)
        source = of if asked.per == "source" else ""
        group = of if asked.per == "group" else ""
        return Job(asked, self.study.name, spec, code, source, group, self._raw(stage, of))

    def asked(self, stage: str) -> bool:
        """Whether the study asks a stage at all; only an optional one may be left out."""
        return not self.stages[stage].optional or bool(self._spec(stage, "")["analyses"])

    def _unasked(self, stage: str) -> list[str]:
        """The inputs of a stage that nobody makes, since the study does not ask for them."""
        origins = {name: origin(self.stages, path) for name, path in self.stages[stage].inputs.items()}
        return sorted(name for name, found in origins.items() if found and not self.asked(found.stage.name))

    def _spec(self, stage: str, of: str) -> dict[str, Any]:
        if stage == "read_source":
            return {"source": of, "spec": self._source(of)}
        if stage not in self._shared:
            self._shared[stage] = self._makers[stage]()
        if not of:
            return self._shared[stage]
        shared, members = self._shared[stage], self._members(of)
        own = {**shared, **self._reached(shared, of), **stated.of_members(shared, members), "group": of}
        if self.stages[stage].folded:
            own["cases"] = {c: words for c, words in own["cases"].items() if c not in self.twins(of)}
        return own

    def twins(self, group: str) -> dict[str, str]:
        """The cases that a group is not asked, each with the one that is answered as it would be."""
        return twins.twins(self._alike.get("reach", {}), self._members(group))

    @cached_property
    def _alike(self) -> dict[str, Any]:
        reach = twins.reach(self.study)
        return {"reach": reach} if reach else {}

    def _members(self, group: str) -> list[str]:
        """The feeders of a group."""
        pairs = self.study.network.together
        return next((sorted(p) for p in pairs if "+".join(sorted(p)) == group), [group] if group else [])

    @cached_property
    def _partial(self) -> set[str]:
        """The names of the layers that reach some feeders only."""
        return {name for name, layer in self.study.layers.items() if layer.feeders is not None}

    def _reached(self, spec: Mapping[str, Any], group: str) -> dict[str, Any]:
        """The cases of a slice with the layers that reach a group; those which do not are in none of its keys."""
        cases = spec.get("cases")
        if not self._partial or not isinstance(cases, dict):
            return {}
        members, layers = self._members(group), self.study.layers
        away = {name for name in self._partial if not any(layers[name].reaches(f) for f in members)}
        own = {
            name: case | {"layers": [twins.everywhere(x) for x in case["layers"] if x["name"] not in away]}
            for name, case in cases.items()
        }
        return {"cases": own}

    def _source(self, name: str) -> dict[str, Any]:
        source = self.study.sources[name]
        clock = {"timezone": self.study.timezone} if "zone" in type(source).model_fields else {}
        return plain(source, cosmetic=False) | clock | self._drawn(name)

    def _drawn(self, source: str) -> dict[str, Any]:
        """The table of areas that is read of a source, if it is the one that draws them."""
        areas = self.study.areas
        if not isinstance(areas, AreaTable) or areas.from_ != source:
            return {}
        return {"areas": plain(areas, cosmetic=False)}

    @property
    def _ami(self) -> dict[str, dict[str, Any]]:
        return {name: self._source(name) for name in self.sources if self.study.sources[name].kind == "ami"}

    def _raw(self, stage: str, of: str) -> dict[str, str]:
        """The raw files of a job that exist; of those that do not, the stage finds out by itself."""
        study, paths = self.study, list[Path]()
        if stage == "read_source":
            paths = study.sources[of].files(study.folder)
        elif stage == "merge_network":
            asked = (study.network.meters, study.network.reconcile)
            paths = [study.folder / words.overrides for words in asked if words is not None and words.overrides]
        elif stage == "split_readings":
            paths = [file for name in self._ami for file in study.sources[name].files(study.folder)]
        elif stage == "prepare_feeder":
            words = study.demand
            paths = [study.folder / name for name in (words.classes, words.path, words.follows) if name]
        elif stage in (
            "solve_feeder",
            "host_feeder",
            "formula_feeder",
            "sweep_feeder",
            "comply_feeder",
            "mitigate_feeder",
        ):
            paths = [study.folder / name for name in files(study, self._members(of))]
        return raw_names(study.name, [p for p in paths if p.is_file()])

    def _merge_network(self) -> dict[str, Any]:
        waived = {name: plain(w, cosmetic=False) for name, w in self.study.waive.items()}
        network = self.study.network
        return {
            "model": network.model,
            "sources": self.sources,
            "feeders": self._feeders,
            "waive": waived,
            "meters": self._matching,
            "reconcile": {} if network.reconcile is None else plain(network.reconcile, cosmetic=False),
            "geometry": network.geometry or "",
            **({"areas": self.study.areas.from_} if isinstance(self.study.areas, AreaTable) else {}),
        }

    @property
    def _feeders(self) -> Any:
        return feeders.words(self.study.feeders, self.study.folder)

    def _split_feeders(self) -> dict[str, Any]:
        declared = self.study.areas if isinstance(self.study.areas, dict) else {}
        expected = (
            [f for f in self._feeders if not any(c in f for c in "*?[")] if isinstance(self._feeders, list) else []
        )
        return {
            "model": self.study.network.model,
            "feeders": self._feeders,
            "together": self.study.network.together,
            "feeders_expected": sorted(expected),
            "areas": {name: plain(area, cosmetic=False) for name, area in declared.items()},
            **stated.network(self.study),
        }

    @property
    def _matching(self) -> dict[str, Any]:
        return plain(self.study.network.meters or MeterMatching(), cosmetic=False)

    def _prepare_feeder(self) -> dict[str, Any]:
        demand = plain(self.study.demand, cosmetic=False)
        demand.pop("load_model")
        head = plain(self.study.network, cosmetic=False).get("head_voltage") or {}
        followed = {"head_voltage": head} if {"from", "ltc"} & set(head) else {}
        own = stated.calibrated(self.study, loads_only=True)
        return {"meters": self._matching, "demand": demand, **followed, **self._calendar, **own}

    @property
    def _calendar(self) -> dict[str, Any]:
        study = self.study
        return {
            "step_min": study.powerflow.step_min,
            "measured_year": study.years.measured,
            "timezone": study.timezone,
        }

    @cached_property
    def _physics(self) -> dict[str, Any]:
        """What all cases share: how they are solved and by what they are judged."""
        network = plain(self.study.network, cosmetic=False)
        power = plain(self.study.powerflow, cosmetic=False)
        return {
            **self._calendar,
            "hours": self.study.powerflow.judged,
            "controls": power["controls"],
            "engine": power["engine"],
            "keep": power["keep"],
            **({"states": self._states} if self._states else {}),
            "head_voltage": network.get("head_voltage"),
            "secondary": "modelled" if "table" in network["secondary"] else network["secondary"],
            "limits": self.study.resolved_limits,
            **({"load_model": self.study.demand.load_model} if self.study.demand.load_model else {}),
        }

    @property
    def _states(self) -> list[dict[str, Any]]:
        """The states of a snapshot in their order; none where time runs."""
        return [{"name": name, **plain(state)} for name, state in self.study.powerflow.states.items()]

    def _case(self, case: Case) -> dict[str, Any]:
        layers = [{"name": name, **words(self.study, layer)} for name, layer in case.layers]
        layers += in_service(self.study)
        return {"scenario": case.scenario, "year": case.year, "layers": layers}

    def _solve_feeder(self) -> dict[str, Any]:
        ageing = plain(self.study.analyses, cosmetic=False).get("ageing")
        cases = {c.case: self._case(c) for c in self.study.cases}
        return {**self._physics, **({"ageing": ageing} if ageing else {}), "cases": cases}

    def _sweep_feeder(self) -> dict[str, Any]:
        """As of `assess_feeder`, with the points of all sweeps as cases; those of one may be asked for hosting, too."""
        own, words = self.study.analyses.hosting, self._host_feeder()["analyses"]
        swept = own.methods.sweep.of if own is not None and own.methods.sweep is not None and words else None
        asked = {"study": self.study.name, **words}
        points = {p.case.case: self._case(p.case) | (asked if p.sweep == swept else {}) for p in self.study.points}
        return {**self._physics, "analyses": self._analyses if points else {}, "cases": points}

    def _host_feeder(self) -> dict[str, Any]:
        """The cases and words of ``hosting``; that a sweep is asked as well is nothing to them."""
        found = self._of_some_cases("hosting")
        words = found["analyses"].get("hosting", {})
        methods = {name: own for name, own in words.get("methods", {}).items() if name != "sweep"}
        if not methods:
            return found | {"cases": {}, "analyses": {}}
        return found | {"analyses": {"hosting": words | {"methods": methods}}}

    def _of_some_cases(self, analysis: str) -> dict[str, Any]:
        """As of `solve_feeder`, with the cases that the analysis names: every scenario in its last year by default."""
        asked = plain(self.study.analyses, cosmetic=False).get(analysis)
        if asked is None:
            return {**self._physics, "cases": {}, "analyses": {}}
        last = max((c.year for c in self.study.cases), default=0)
        named = asked.pop("for", None)
        chosen = [c for c in self.study.cases if (c.case in named if named else c.year == last)]
        cases = {c.case: self._case(c) for c in chosen}
        return {**self._physics, "study": self.study.name, "cases": cases, "analyses": {analysis: asked}}

    def _formula_feeder(self) -> dict[str, Any]:
        """As of `host_feeder`, whose methods say nothing to the formula; nothing where no surrogate is asked."""
        found = self._host_feeder()
        if self.study.analyses.surrogate is None or not found["analyses"]:
            return found | {"cases": {}, "analyses": {}}
        words = {name: value for name, value in found["analyses"]["hosting"].items() if name != "methods"}
        return found | {"analyses": {"hosting": words}}

    def _choose_works(self) -> dict[str, Any]:
        """What is asked of `mitigate_feeder`; the definitions of the cases tell `plan` that answers will be others."""
        asked = self._of_some_cases("mitigation")["analyses"]
        return {"analyses": asked, **({"currency": self.study.currency, **self._results} if asked else {})}

    @cached_property
    def _analyses(self) -> dict[str, Any]:
        """What is asked of every feeder; the rest of the section is asked of the whole study."""
        known = fingerprint.registry(STAGES["assess_feeder"].registry)
        asked = plain(self.study.analyses, cosmetic=False)
        return {kind: words for kind, words in asked.items() if kind in known}

    def _assess_feeder(self) -> dict[str, Any]:
        return {**self._solve_feeder(), "analyses": self._analyses}

    def _validate_feeder(self) -> dict[str, Any]:
        asked = plain(self.study.analyses, cosmetic=False)
        own = stated.calibrated(self.study, loads_only=True)
        return {"analyses": {kind: words for kind, words in asked.items() if kind == "validate"}, **own}

    def _learning(self, *stages: str) -> dict[str, Any]:
        """What is asked of the learning modules of some stages; the last one is the stage itself.

        As in the slice of `gather`, the definitions of the cases tell `plan` that answers will be others.
        """
        known = {kind for stage in stages for kind in fingerprint.registry(STAGES[stage].registry)}
        asked = plain(self.study.analyses, cosmetic=False)
        followed = asked.get("calibrate", {}).get("against", ())
        return {
            "analyses": {kind: words for kind, words in asked.items() if kind in known},
            **({"kinds": {n: self.study.sources[n].kind for n in followed}} if followed else {}),
            **(stated.calibrated(self.study) if followed else {}),
            "unasked": self._unasked(stages[-1]),
            "timezone": self.study.timezone,
            "measured_year": self.study.years.measured,
            "years": list(self.study.years.planned),
            **self._results,
        }

    @cached_property
    def _results(self) -> dict[str, Any]:
        """The cases, what defines them and by what they are judged."""
        return {
            "cases": [{"case": c.case, "scenario": c.scenario, "year": c.year} for c in self.study.cases],
            "limits": self.study.resolved_limits,
            "definitions": self._definitions(cosmetic=False),
            "powerflow": self._physics,
            "generators": in_service(self.study),
            **self._alike,
        }

    def _gather(self) -> dict[str, Any]:
        study = self.study
        analyses = plain(study.analyses, cosmetic=False)
        return {
            "study": study.name,
            "analyses": analyses,
            "unasked": self._unasked("gather"),
            "headline": study.report.headline,
            "head_energy": expected.against if (expected := study.expect.head_energy_error) else "",
            "baseline": analyses.get("compare", {}).get("baseline", "base"),
            **self._results,
        }

    def _write_site(self) -> dict[str, Any]:
        study, whole = self.study, self.study.canonical()
        scenarios = {"base": {"title": "", "stack": []}, **whole["scenarios"]}
        return {
            "study": study.name,
            "title": study.title,
            "question": study.question,
            "timezone": study.timezone,
            "currency": study.currency,
            "cases": self._results["cases"],
            **self._alike,
            "unasked": self._unasked("write_site"),
            "scenarios": scenarios,
            "layers": whole["layers"],
            "points": [{"sweep": p.sweep, "values": p.values, "case": p.case.case} for p in self.study.points],
            "limits": study.resolved_limits,
            "report": whole["report"],
            "decisions": {name: plain(d) for name, d in sorted(study.decisions.items())},
            "definitions": self._definitions(cosmetic=True),
            "spec_text": json.dumps(whole, sort_keys=True, indent=1, ensure_ascii=False),
            "digests": {"spec": study.digest, "code": self._codes()},
        }

    def _publish_site(self) -> dict[str, Any]:
        """All that the cube and the pages are asked, and what a public copy of them may show; nothing without one."""
        publish = self.study.report.publish
        if publish is None:
            return {"analyses": {}}
        asked = {**self._write_site(), **self._gather()}
        return {**asked, "public": plain(publish), "unasked": self._unasked("publish_site")}

    def _definitions(self, *, cosmetic: bool) -> dict[str, Any]:
        """The stack of each scenario, sorted, with what its layers say."""
        layers = {name: words(self.study, layer, cosmetic=cosmetic) for name, layer in self.study.layers.items()}
        stacks = {"base": list[str](), **{name: sorted(s.stack) for name, s in self.study.scenarios.items()}}
        return {name: {"stack": s, "layers": {n: layers[n] for n in s}} for name, s in stacks.items()}

    def _codes(self) -> dict[str, str]:
        """The digest of the code of each stage before the pages, which print them."""
        model = self.study.network.model
        jobs = [self.job(s, model if self.stages[s].per == "source" else "") for s in self.stages
                if s not in ("write_site", "build_site", "publish_site")]  # fmt: skip
        return {j.stage.name: fingerprint.pack(j.code) for j in jobs}
