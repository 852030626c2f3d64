"""The stage ``choose_works``: the set of each group under the budget of the study, and the file that commits them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from dtl import tables
from dtl.analyses.mitigation import robust, schedule
from dtl.analyses.mitigation.measure import called
from dtl.analyses.mitigation.money import Choice, ChoiceError, choose, greedy
from dtl.analyses.mitigation.plans import Plan, Plans, read
from dtl.analyses.mitigation.prices import Prices
from dtl.spec import upgrade_file

Row = dict[str, Any]

FILE = "upgrades.csv"
"""The file of works, below the output ``proposal``."""
_MUCH, _LITTLE = 0.1, 0.01
"""Shares of the cost and of what is removed between which a measure is called dear."""
_STEPS = 24
"""Budgets of the front."""


def choose_works(spec: Mapping[str, Any], inputs: Mapping[str, Any], outputs: Mapping[str, Path]) -> None:
    """Write the table ``portfolio`` and the file of works, as the layer ``upgrades`` reads it."""
    words = spec["analyses"]["mitigation"]
    measures = _all("measures", inputs["measures"])
    plans = read(measures, _all("packages", inputs["packages"]), words)
    notes = list(_notes(words, measures, plans, tables.read("costs", Path(inputs["costs"])).to_pylist()))
    budget = schedule.budget(words)
    try:
        chosen = _choice(plans, words, budget)
    except ChoiceError as err:
        notes.insert(0, f"nothing is chosen: {err}")
        chosen = _choice(plans, {}, 0.0)
    taken = [plans.plans[i] for i in chosen.taken]
    notes += _dear(plans, taken)
    years = schedule.years(taken, plans, words)
    rows = [
        *_total(plans, chosen, budget, spec), *_groups(plans, chosen), *_works(plans, taken, years),
        *_budgets(plans, chosen), *robust.futures(plans, chosen),
        *({"what": "note", "text": text} for text in notes),
    ]  # fmt: skip
    tables.write("portfolio", tables.frame("portfolio", list(_numbered(rows))), outputs["portfolio"])
    _write_file(plans, taken, years, outputs["proposal"])


def _all(name: str, files: Mapping[str, Path]) -> list[Row]:
    rows: list[Row] = tables.concat(name, [tables.read(name, Path(p)) for _, p in sorted(files.items())]).to_pylist()
    return rows


def _choice(plans: Plans, words: Mapping[str, Any], budget: float) -> Choice:
    """The sets that are worth most within a budget, at most one of each group."""
    must = plans.must(words.get("must_include") or ())
    works = plans.works()
    return choose(works, min(budget, sum(w.cost for w in works)), must)


def _total(plans: Plans, chosen: Choice, budget: float, spec: Mapping[str, Any]) -> Iterator[Row]:
    words = spec["analyses"]["mitigation"]
    before, left = plans.before_h, plans.left_h(chosen.taken)
    taken = [plans.plans[i] for i in chosen.taken]
    npv = sum(p.npv for p in taken if p.npv is not None) if words.get("value") else None
    yield {
        "what": "total", "budget": budget if budget < float("inf") else None, "cost": chosen.cost,
        "removed_h": before - left, "left_h": left, "worth": chosen.value, "npv": npv,
        "verdict": plans.verdict(chosen.taken),
        "stable": robust.stable(plans, chosen, budget) if words.get("costs") else None,
        "text": plans.sentence(chosen, words, spec["currency"]),
    }  # fmt: skip


def _groups(plans: Plans, chosen: Choice) -> Iterator[Row]:
    """One row for each group: its chosen set, or that nothing is done there, and why."""
    taken = {plans.plans[i].group: plans.plans[i] for i in chosen.taken}
    for group in plans.groups:
        plan = taken.get(group, plans.none[group])
        yield {
            "what": "group", "feeder": plan.feeders[0], "group": group, "package": plan.package, "cost": plan.cost,
            "removed_h": plan.removed_h, "left_h": plan.left_h, "worth": plan.worth, "npv": plan.npv, "bcr": plan.bcr,
            "verdict": plan.verdict, "text": "; ".join(t for t in (plans.why(group, plan), plan.left) if t),
        }  # fmt: skip


def _works(plans: Plans, taken: Sequence[Plan], years: Mapping[tuple[str, str], int]) -> Iterator[Row]:
    """One row for each measure of the chosen sets, with what it removes alone."""
    for plan in taken:
        for one in plans.measures_of(plan):
            yield {
                "what": "work", "feeder": one["feeder"], "group": plan.group, "package": plan.package,
                "measure": one["measure"], "option": one["option"], "place": one["place"], "size": one["size"],
                "year": years.get((plan.group, one["measure"])), "cost": one["cost"], "removed_h": one["removed_h"],
                "text": one["price"],
            }  # fmt: skip


def _budgets(plans: Plans, chosen: Choice) -> Iterator[Row]:
    """What budgets from nothing to that of all works remove, exactly chosen and by the ratio that is common."""
    works = plans.works()
    most = sum(max(w.cost for w in works if w.place == place) for place in {w.place for w in works}) if works else 0.0
    budgets = sorted({most * (k / _STEPS) ** 2 for k in range(_STEPS + 1)} | {chosen.cost})
    spent = sorted({choose(works, budget).cost for budget in budgets if most > 0})
    for what, pick in (("budget", choose), ("greedy", greedy)):
        for budget in spent:
            found = pick(works, budget)
            left = plans.left_h(found.taken)
            yield {"what": what, "budget": budget, "cost": found.cost, "removed_h": plans.before_h - left,
                   "left_h": left, "worth": found.value, "verdict": plans.verdict(found.taken)}  # fmt: skip


def _notes(words: Mapping[str, Any], measures: Sequence[Row], plans: Plans, costs: Sequence[Row]) -> Iterator[str]:
    """What a reader must know: what has no price, what the costs name that is no option, assets without measures."""
    yield from plans.notes
    if not words.get("costs"):
        yield "The study names no costs: every measure counts as one, whatever it would cost."
    else:
        mine = [c for c in costs if c["source"] == words["costs"]]
        if not mine:
            yield f"The source of costs '{words['costs']}' has no rows: no measure has a price, so that none is chosen."
        unknown = Prices(mine, words["costs"]).unknown
        if unknown:
            yield f"The costs of {', '.join(unknown)} are of no option of this analysis and were not used."
    yield from _unpriced(words, measures)
    if not any(m["offered"] for m in measures) and plans.before_h > 0:
        yield "There are violations, and no measure could be made for them with the options of the study."
    for asset in words.get("must_include") or ():
        if not plans.must([asset]):
            yield f"must_include names '{asset}', for which there is no measure with a solution and a price."
    if words.get("budget") == 0:
        yield "The budget is 0: only what costs nothing could be chosen."


def _dear(plans: Plans, taken: Sequence[Plan]) -> Iterator[str]:
    """Chosen measures that take much of the cost and remove next to nothing: money was left, and it was spent."""
    works = [one for plan in taken for one in plans.measures_of(plan)]
    cost, removed = sum(w["cost"] or 0.0 for w in works), sum(max(w["removed_h"], 0.0) for w in works)
    for one in works:
        if (one["cost"] or 0.0) > _MUCH * cost and one["removed_h"] < _LITTLE * removed:
            yield (
                f"{called(one['option'], one['place'])} of {one['feeder']} takes {100 * one['cost'] / cost:.0f} % of "
                f"the cost for {100 * one['removed_h'] / removed:.1f} % of what the measures remove one by one: a "
                "smaller budget, or `value`, would leave it out."
            )


def _unpriced(words: Mapping[str, Any], measures: Sequence[Row]) -> Iterator[str]:
    lacking = [m for m in measures if m["offered"] and m["cost"] is None]
    if not (words.get("costs") and lacking):
        return
    ids = {(m["group"], m["measure"]) for m in lacking}
    best = max(lacking, key=lambda m: m["element_h_before"] - (m["element_h_after"] or 0.0))
    hours = best["element_h_before"] - best["element_h_after"]
    text = f"{_count(len(ids))} no price and {'is' if len(ids) == 1 else 'are'} not chosen"
    if hours > 0:
        text += (
            f"; the one that would remove most is {called(best['option'], best['place'])} ({best['size']}) of "
            f"{best['feeder']}, {hours:,.0f} element-hours in {best['case']}: {best['reason']}"
        )
    yield text + "."


def _count(number: int) -> str:
    return "1 measure has" if number == 1 else f"{number} measures have"


def _numbered(rows: Sequence[Row]) -> Iterator[Row]:
    empty = dict.fromkeys(("feeder", "group", "package", "measure", "option", "place", "size", "verdict", "text"), "")
    for number, row in enumerate(rows):
        yield {**empty, "number": number, **row}


def _write_file(plans: Plans, taken: Sequence[Plan], years: Mapping[tuple[str, str], int], folder: Path) -> None:
    """The works of the chosen sets as a CSV to review and commit; what is no work of a CSV stands in notes."""
    folder.mkdir(parents=True)
    steps: list[Row] = []
    words: list[str] = []
    for plan in taken:
        for one in plans.measures_of(plan):
            own = json.loads(one["steps"])
            for step in own:
                year = years.get((plan.group, one["measure"]))
                cost = {"cost": one["cost"] / len(own)} if one["cost"] is not None else {}
                steps.append({**step, **({"year": year} if year else {}), **cost})
            for layer, said in sorted(json.loads(one["words"]).items()):
                words.append(f"# layer {layer} of the study: {json.dumps(said, sort_keys=True)}")
    upgrade_file.write(steps, folder / FILE)
    if words:
        path = folder / FILE
        notes = "\n".join(
            ["# Chosen too, as words of other layers, which this file cannot hold:", *dict.fromkeys(words)]
        )
        path.write_text(path.read_text(encoding="utf-8") + notes + "\n", encoding="utf-8")
