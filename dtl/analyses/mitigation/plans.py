"""The sets of all groups as plans: what each costs, removes and leaves, over the cases of the study."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dtl.analyses.mitigation.money import Choice, Work, present, recovery

Row = dict[str, Any]

NONE = "P00"
"""The set without measures."""


@dataclass(frozen=True)
class Plan:
    """A set of one group: the mean of the cases, and what is sought by case.

    Attributes
    ----------
    worth
        What is sought: removed element-hours, summed over the cases; with ``value`` the net present value.
    by_case
        The same by case.
    left
        What still violates, in words.
    """

    group: str
    feeders: tuple[str, ...]
    package: str
    measures: tuple[str, ...]
    cost: float
    removed_h: float
    left_h: float
    worth: float
    by_case: Mapping[str, float]
    npv: float | None
    bcr: float | None
    verdict: str
    left: str


class Plans:
    """The plans of all groups; `none` are those without measures, by group; `by_money` says in what they are worth."""

    def __init__(self, plans: Sequence[Plan], measures: Mapping[tuple[str, str], Row], value: bool) -> None:
        self.none = {p.group: p for p in plans if p.package == NONE}
        self.groups = sorted(self.none)
        self.plans = [p for p in plans if p.package != NONE and p.verdict != "not_solved"]
        self.measures = measures
        self.notes: list[str] = []
        self.by_money = value

    @cached_property
    def before_h(self) -> float:
        """Element-hours without measures, mean of the cases, of all groups."""
        return sum(p.left_h for p in self.none.values())

    def works(self) -> list[Work]:
        """The plans as options of a choice, at most one of each group."""
        return [Work(p.group, p.package, p.cost, p.worth) for p in self.plans]

    def left_h(self, taken: Collection[int]) -> float:
        """Element-hours that are left with some plans, mean of the cases."""
        found = {p.group: p for p in (self.plans[i] for i in taken)}
        return sum(found.get(g, self.none[g]).left_h for g in self.groups)

    def verdict(self, taken: Collection[int]) -> str:
        """Whether some plans solve all violations of the study, as the power flow said of each."""
        found = {p.group: p for p in (self.plans[i] for i in taken)}
        seen = {found.get(g, self.none[g]).verdict for g in self.groups}
        for word in ("still_violates", "not_solved", "solves"):
            if word in seen:
                return word
        return "no_violation"

    def must(self, assets: Collection[str]) -> set[str]:
        """The groups in which an asset that must have a measure has one."""
        wanted = {a.lower() for a in assets}
        return {
            p.group for p in self.plans for name in p.measures if wanted & _assets(self.measures[p.group, name])
        }  # fmt: skip

    def measures_of(self, plan: Plan) -> list[Row]:
        """The measures of a plan."""
        return [self.measures[plan.group, name] for name in plan.measures]

    def why(self, group: str, plan: Plan) -> str:
        """Why nothing is done in a group; empty where something is."""
        if plan.package != NONE or plan.verdict == "not_solved":
            return ""
        if plan.verdict == "no_violation":
            return "no violation in the named cases"
        if not any(p.group == group for p in self.plans):
            return "no measure with a solution and a price removes anything"
        return "no set of measures is worth its cost within the budget"

    def sentence(self, chosen: Choice, words: Mapping[str, Any], currency: str | None) -> str:
        """The answer in a sentence; a study with costs has a currency."""
        if self.before_h == 0:
            lost = sum(p.verdict == "not_solved" for p in self.none.values())
            rest = f"; {lost} groups were not solved." if lost else "."
            return f"No element violates its limit in the named cases{rest}"
        if not chosen.taken:
            return f"{self.before_h:,.0f} hours over a limit, summed over elements, and nothing is chosen."
        count = sum(len(self.plans[i].measures) for i in chosen.taken)
        left = self.left_h(chosen.taken)
        share = 1.0 - left / self.before_h
        cost = f"cost {chosen.cost:,.0f} {currency}" if words.get("costs") else "without prices"
        end = "all violations are gone, solved together" if left == 0 else f"{left:,.0f} are left"
        many = "1 measure removes" if count == 1 else f"{count} measures remove"
        hours = f"{self.before_h:,.0f} hours over a limit, summed over elements"
        return f"{many} {100 * share:.1f} % of {hours} ({cost}); {end}."


def read(measures: Sequence[Row], packages: Sequence[Row], words: Mapping[str, Any]) -> Plans:
    """The plans of the tables ``measures`` and ``packages``."""
    known = _known(measures)
    found: dict[tuple[str, str], list[Row]] = {}
    for row in packages:
        found.setdefault((row["group"], row["package"]), []).append(row)
    plans = [_plan(rows, known, words) for _, rows in sorted(found.items())]
    return Plans(plans, known, bool(words.get("value")))


def _known(measures: Sequence[Row]) -> dict[tuple[str, str], Row]:
    """The offered measures by group and id, with what each removes alone, mean of the cases."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in measures:
        if row["measure"]:
            found.setdefault((row["group"], row["measure"]), []).append(row)
    return {key: {**rows[0], "removed_h": sum(_removed(r) for r in rows) / len(rows)} for key, rows in found.items()}


def _removed(row: Row) -> float:
    before, after = row["element_h_before"], row["element_h_after"]
    return 0.0 if before is None or after is None else float(before - after)


def _plan(rows: Sequence[Row], known: Mapping[tuple[str, str], Row], words: Mapping[str, Any]) -> Plan:
    cases = sorted({r["case"] for r in rows})
    first, count = rows[0], len(cases)
    names = tuple(json.loads(first["measures"]))
    by_case = {c: sum(_removed(r) for r in rows if r["case"] == c) for c in cases}
    left = sum(_left_h(r) for r in rows) / count
    npv = bcr = None
    worth = sum(by_case.values())
    if words.get("value"):
        mine = [known[first["group"], name] for name in names]
        value = {c: sum(_yearly(r, words["value"]) for r in rows if r["case"] == c) for c in cases}
        spent = sum(_spent(m, words) for m in mine)
        by_case = {c: present(v, words["discount_rate"], words["horizon_years"]) - spent for c, v in value.items()}
        npv = sum(by_case.values()) / count
        bcr = (npv + spent) / spent if spent > 0 else None
        worth = npv
    verdicts = [r["verdict"] for r in rows]
    order = ("not_solved", "still_violates", "solves", "no_violation")
    text = "; ".join(f"{r['case']}: {r['left']}" for r in rows if r["left"])
    return Plan(
        first["group"], tuple(sorted({r["feeder"] for r in rows})), first["package"], names, first["cost"],
        sum(_removed(r) for r in rows) / count, left, worth, by_case, npv, bcr,
        min(verdicts, key=order.index), text,
    )  # fmt: skip


def _left_h(row: Row) -> float:
    return float(row["element_h_after"] or 0.0)


def _yearly(row: Row, value: Mapping[str, float]) -> float:
    """What the removed evils of a case are worth in a year."""
    if row["loss_kwh_after"] is None:
        return 0.0
    kwh = row["loss_kwh_before"] - row["loss_kwh_after"]
    return float(_removed(row) * value["violation_hour"] + kwh * value["loss_kwh"])


def _spent(measure: Row, words: Mapping[str, Any]) -> float:
    """Present value of building, renewing at the end of its life, and operating a measure over the horizon."""
    cost, horizon, rate = float(measure["cost"] or 0.0), float(words["horizon_years"]), float(words["discount_rate"])
    life = float(measure["life_years"] or horizon)
    yearly = cost * (recovery(rate, life) + float(measure["om_pct"] or 0.0) / 100.0)
    return present(yearly, rate, horizon)


def _assets(measure: Row) -> set[str]:
    return set(_named(measure))


def _named(measure: Row) -> Iterator[str]:
    for step in json.loads(measure["steps"]):
        work = next(v for k, v in step.items() if k not in ("year", "cost"))
        asset = str(work.get("line") or work.get("at")).lower()
        yield asset
        yield asset.partition(":")[2]
    yield measure["place"].partition(" ")[2].lower()
