"""The stage ``mitigate_feeder``: the measures of one group in all named cases, one by one and in sets."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from dtl import tables
from dtl.analyses.mitigation.measure import Measure, Refused
from dtl.analyses.mitigation.offers import names, offered
from dtl.analyses.mitigation.outcome import NUMBERS, Outcome
from dtl.analyses.mitigation.prices import OPTIONS, Price, Prices, priced
from dtl.analyses.mitigation.scene import Scene
from dtl.analyses.mitigation.sets import Set, Tried, search
from dtl.analyses.mitigation.trial import Case, Outcomes, cases, ready
from dtl.errors import SolveError

Row = dict[str, Any]

YEARS = 6
"""Sets of a group at most that are solved through all hours of the study."""
_SHOWN = 8


def mitigate_feeder(spec: dict[str, Any], inputs: dict[str, Any], outputs: dict[str, Path]) -> None:
    """Write the tables ``measures`` and ``packages`` of one group.

    A group that cannot be solved has one package per feeder and case, not solved, with the reason.
    """
    words = spec["analyses"]["mitigation"]
    feeders = json.loads(Path(inputs["feeder"]).read_text(encoding="utf-8"))["feeders"]
    costs = tables.read("costs", Path(inputs["costs"])).to_pylist()
    prices = Prices(costs, words["costs"]) if words.get("costs") else None
    group = "+".join(feeders)
    try:
        if reason := ready(inputs):
            raise SolveError(reason)
        done = Group(group, cases(spec, inputs), words, prices)
        measures, packages = list(done.measure_rows()), list(done.package_rows())
    except SolveError as err:
        measures, packages = [], list(_unsolved(spec, group, feeders, str(err)))
    tables.write("measures", tables.frame("measures", measures), outputs["measures"])
    tables.write("packages", tables.frame("packages", packages), outputs["packages"])


def _unsolved(spec: Mapping[str, Any], group: str, feeders: Sequence[str], reason: str) -> Iterator[Row]:
    for case, own in sorted(spec["cases"].items()):
        for feeder in feeders:
            same = {"feeder": feeder, "scenario": own["scenario"], "year": own["year"], "case": case, "group": group}
            told = {"package": "P00", "measures": "[]", "cost": 0.0, "worth": 0.0}
            yield {**same, **told, "verdict": "not_solved", "left": reason, **_effect(None, None)}


class Group:
    """A group with its measures; sets are compared in the hours of a sample and confirmed in all hours.

    A set is worth the element-hours that it removes, over all cases; with the words ``value`` the money of a year.
    """

    def __init__(self, name: str, cases: Sequence[Case], words: Mapping[str, Any], prices: Prices | None) -> None:
        self.name, self._cases, self._words = name, cases, words
        options = words.get("options") or OPTIONS
        self._must = [n.lower() for n in words.get("must_include", ())]
        scenes = [Scene(c, c.spec["layers"], c.spec["limits"], prices.stock if prices else {}, self._only(c))
                  for c in cases]  # fmt: skip
        found = offered(scenes, options, [n.lower() for n in words.get("exclude", ())])
        self.measures = [one for one in found if isinstance(one, Measure)]
        self._refused = [one for one in found if isinstance(one, Refused)]
        self._with_costs = prices is not None
        self._prices = priced(self.measures, prices)
        self._singles: dict[int, list[Outcomes | str]] = {i: self._alone(m) for i, m in enumerate(self.measures)}

    def _only(self, case: Case) -> frozenset[str]:
        """The parts of a case that must have a measure, by their own names."""
        feeder = case.feeder
        named = {p.name for parts in (feeder.lines, feeder.transformers) for p in parts}
        owner = {f.lower() for f in feeder.feeders}
        own = {n.partition(":")[2] if n.partition(":")[0] in owner else n for n in self._must}
        return frozenset(n for n in named if n.lower() in own)

    def _alone(self, measure: Measure) -> list[Outcomes | str]:
        found: list[Outcomes | str] = []
        for case in self._cases:
            try:
                found.append(case.quick((measure,)))
            except SolveError as err:
                found.append(str(err))
        return found

    @cached_property
    def chosen(self) -> list[int]:
        """The measures that sets are made of: solved in all cases, and with a price where there are costs."""
        solved = [i for i, told in self._singles.items() if not any(isinstance(t, str) for t in told)]
        return [i for i in solved if isinstance(self._prices[i], Price) or not self._with_costs]

    @cached_property
    def sets(self) -> list[Set]:
        """The sets that are solved through all hours, by positions of measures, cheapest first."""
        order = self.chosen
        costs = [self._cost(i) for i in order]
        tried = Tried([self.measures[i] for i in order], costs, lambda s: self._quickly([order[i] for i in s]))
        found = search(tried, tuple(sorted(self._base(order))))
        if len(found) > YEARS:
            at = np.unique(np.linspace(0, len(found) - 1, YEARS).round().astype(int))
            found = [found[i] for i in at.tolist()]
        return [tuple(order[i] for i in s) for s in found]

    def _base(self, order: Sequence[int]) -> set[int]:
        """The cheapest measure of each asset that must have one, where there is one."""
        found = set[int]()
        for asset in self._must:
            mine = [k for k, i in enumerate(order) if asset in names(self.measures[i])]
            if mine and not found & set(mine):
                found.add(min(mine, key=lambda k: (self._cost(order[k]), k)))
        return found

    def _cost(self, i: int) -> float:
        price = self._prices[i]
        return price.cost if isinstance(price, Price) else 1.0

    def _quickly(self, some: Collection[int]) -> float | None:
        """What a set removes in the hours of the sample; None where it cannot be done."""
        measures = [self.measures[i] for i in sorted(some)]
        worth = 0.0
        for k, case in enumerate(self._cases):
            if len(measures) == 1:
                known = self._singles[next(iter(some))][k]
                after = known if isinstance(known, dict) else {}
            else:
                try:
                    after = case.quick(measures)
                except SolveError:
                    return None
            worth += self._worth(case.sampled, after)
        return worth

    def _worth(self, before: Outcomes, after: Outcomes) -> float:
        value = self._words.get("value")
        hours = sum(before[f].element_h - after[f].element_h for f in before)
        if not value:
            return hours
        kwh = sum(before[f].loss_kwh - after[f].loss_kwh for f in before)
        return float(value["violation_hour"] * hours + value["loss_kwh"] * kwh)

    def measure_rows(self) -> Iterator[Row]:
        """The rows of ``measures``: each in each case, and what is not offered."""
        for no in self._refused:
            said = {"offered": 0, "reason": no.reason, "hours": 0, "price": ""}
            where = {"feeder": no.feeder, "scenario": "", "year": 0, "case": "", "group": self.name, "measure": ""}
            yield {**_bare(no.option, no.place), **where, **said, **_effect(None, None)}
        for i, one in enumerate(self.measures):
            price = self._prices[i]
            cost = {"cost": None, "life_years": None, "om_pct": None, "price": ""} if isinstance(price, str) else {
                "cost": price.cost, "life_years": price.life_years, "om_pct": price.om_pct, "price": price.text
            }  # fmt: skip
            about = {"group": self.name, "measure": _id(i), "size": one.size, "steps": _json(one.steps)}
            about["words"] = _json(one.words)
            for case, found in zip(self._cases, self._singles[i], strict=True):
                reason = found if isinstance(found, str) else price if isinstance(price, str) else ""
                after = None if isinstance(found, str) else _calibrated(case, found, one.feeder)
                yield {
                    **_bare(one.option, one.place), **_place(case, one.feeder), **about, **cost,
                    "offered": int(not isinstance(found, str)), "reason": reason, "hours": len(case.sample.hours),
                    **_effect(case.before[one.feeder], after),
                }  # fmt: skip

    def package_rows(self) -> Iterator[Row]:
        """The rows of ``packages``: without measures, and each set, in each case and feeder."""
        for number, some in enumerate(dict.fromkeys(((), *self.sets))):
            measures = [self.measures[i] for i in some]
            try:
                after = [case.year(measures) for case in self._cases]
            except SolveError as err:
                yield from self._failed(number, some, str(err))
                continue
            worth = sum(self._worth(c.before, a) for c, a in zip(self._cases, after, strict=True))
            for case, found in zip(self._cases, after, strict=True):
                for feeder, outcome in found.items():
                    yield {**_place(case, feeder), **self._about(number, some), "worth": worth,
                           "verdict": _verdict(case.before[feeder], outcome), "left": _left(outcome),
                           **_effect(case.before[feeder], outcome)}  # fmt: skip

    def _failed(self, number: int, some: Set, reason: str) -> Iterator[Row]:
        for case in self._cases:
            for feeder, before in case.before.items():
                yield {**_place(case, feeder), **self._about(number, some), "worth": 0.0, "verdict": "not_solved",
                       "left": reason, **_effect(before, None)}  # fmt: skip

    def _about(self, number: int, some: Set) -> Row:
        return {
            "group": self.name, "package": f"P{number:02d}", "measures": _json([_id(i) for i in some]),
            "cost": float(sum(self._cost(i) for i in some)),
        }  # fmt: skip


def _id(i: int) -> str:
    return f"M{i + 1:02d}"


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _bare(option: str, place: str) -> Row:
    return {"option": option, "place": place, "size": "", "steps": "[]", "words": "{}", "cost": None,
            "life_years": None, "om_pct": None}  # fmt: skip


def _place(case: Case, feeder: str) -> Row:
    return {"feeder": feeder, "scenario": case.spec["scenario"], "year": case.spec["year"], "case": case.name}


def _calibrated(case: Case, found: Outcomes, feeder: str) -> Outcome:
    """An outcome of the sample with its losses in proportion to those of the whole year."""
    after, sampled, before = found[feeder], case.sampled[feeder], case.before[feeder]
    factor = before.loss_kwh / sampled.loss_kwh if sampled.loss_kwh > 0 else 1.0
    return Outcome(**{**vars(after), "loss_kwh": after.loss_kwh * factor})


def _effect(before: Outcome | None, after: Outcome | None) -> Row:
    found: Row = {}
    for word in NUMBERS:
        for when, one in (("before", before), ("after", after)):
            value = None if one is None else float(getattr(one, word))
            found[f"{word}_{when}"] = value if value is not None and np.isfinite(value) else None
    return found


def _verdict(before: Outcome, after: Outcome) -> str:
    if after.element_h > 0:
        return "still_violates"
    return "solves" if before.element_h > 0 else "no_violation"


def _left(outcome: Outcome) -> str:
    rows = sorted(outcome.left.items(), key=lambda x: (-x[1], x[0]))
    text = "; ".join(f"{kind} {name} {word} {hours:g} h" for (word, kind, name), hours in rows[:_SHOWN])
    return text + (f"; and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else "")
