"""The payloads of all feeders, written group by group, and what is collected on the way for the pages of the study.

Where there are many groups, several processes write them side by side; the files are the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dtl import tables
from dtl.report import (
    answers,
    beside,
    drawing,
    groups,
    hosting_payloads,
    kept_series,
    outage_payload,
    payloads,
    series,
    sheet,
)
from dtl.report.api import Api
from dtl.report.asset_ranking import Assets
from dtl.report.facts import Facts, load
from dtl.report.overlays import Known, Overlays, measured_year, overlays
from dtl.report.overview_map import Overview
from dtl.report.rows import of_feeders
from dtl.report.solution import Solution
from dtl.spec.twins import twins

MANY = 40
"""Groups from which on it pays to start a process for them."""

SHARES, MOST = 4, 256
"""So many shares for each process, so that none waits long for the last of another; most of all, each is one byte."""


@dataclass
class Collected:
    """What is known once some feeders are written.

    How each feeder is drawn; its rows of hosting capacity; and the collectors of the map's overview, the ranking of
    assets, the elements that are asked for, and the folder ``api``.
    """

    cases: tuple[str, ...]
    kinds: dict[str, str] = field(default_factory=dict)
    fits: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    drawn: Overview = field(init=False)
    assets: Assets = field(default_factory=Assets)
    elements: answers.Elements = field(default_factory=answers.Elements)
    api: Api = field(default_factory=Api)

    def __post_init__(self) -> None:
        self.drawn = Overview(self.cases)

    def take(self, other: Collected) -> None:
        """Take in what was collected of the groups that come next."""
        self.kinds |= other.kinds
        self.fits |= other.fits
        self.drawn.take(other.drawn)
        self.assets.take(other.assets)
        self.elements.take(other.elements)
        self.api.take(other.api)


class Crew:
    """The payloads of all feeders: processes beside this one begin at once, each takes the next groups that are left.

    They are forked, so nothing that has threads may have been done before; where the system cannot fork, or the groups
    are few, this process writes all of them. What each process wrote is told in the order of the groups.
    """

    def __init__(
        self, spec: Mapping[str, Any], inputs: Mapping[str, Any], data: Path, index: Mapping[str, Any]
    ) -> None:
        self._job = spec, inputs, data, index
        names = sorted(index["groups"])
        count = max(1, min(beside.cores(), len(names) // MANY))
        size = max(1, -(-len(names) // (min(SHARES * count, MOST) if count > 1 else 1)))
        self._shares = [names[at : at + size] for at in range(0, len(names), size)]
        self._owner = os.getpid()
        self._left, end = os.pipe()
        os.write(end, bytes(range(len(self._shares))))
        os.close(end)
        self._helpers = [beside.start(self._help, "wrote payloads of feeders") for _ in range(count - 1)]

    def collected(self, facts: Facts, crs: str) -> Collected:
        """Write what is left, wait for the others, and tell what is known of all feeders.

        Raises
        ------
        DtlError
            A process that wrote some of them died.
        """
        told = dict(self._take(facts, crs))
        os.close(self._left)
        for helper in self._helpers:
            told |= helper.result()
        found = Collected(tuple(c.case for c in facts.cases))
        for at in sorted(told):
            found.take(told[at])
        return found

    def _take(self, facts: Facts, crs: str) -> Iterator[tuple[int, Collected]]:
        """Write one share after the other, until none is left: its number, and what is known of it."""
        while self._owner in (os.getpid(), os.getppid()) and (at := os.read(self._left, 1)):
            yield at[0], _of_groups(*self._job, facts, self._shares[at[0]], crs)

    def _help(self) -> dict[int, Collected]:
        _, inputs, _, index = self._job
        return dict(self._take(load(Path(inputs["cube"])), groups.crs(inputs, index)))


def _of_groups(
    spec: Mapping[str, Any],
    inputs: Mapping[str, Any],
    data: Path,
    index: Mapping[str, Any],
    facts: Facts,
    names: Sequence[str],
    crs: str,
) -> Collected:
    files = payloads.file_names(facts.feeders)
    found = Collected(tuple(c.case for c in facts.cases))
    own = [feeder for name in names for feeder in index["groups"][name]["feeders"]]
    known = Known.read(inputs, measured_year(spec), own)
    opened = outage_payload.by_feeder(of_feeders(tables.read("outages", Path(inputs["outages"])), own))
    for name in names:
        group = index["groups"][name]
        model, hosted = groups.model(inputs, name), groups.hosted(inputs, name)
        like = twins(spec.get("reach", {}), group["feeders"])
        shown = Overlays() if model is None else overlays(model, hosted, inputs["devices"].get(name), known, like)
        for solution in groups.solutions(spec, inputs, name, group, model, found.cases, crs, shown, found.elements):
            if solution.feeder not in files:
                continue
            file = files[solution.feeder]
            fits = found.fits[solution.feeder] = [r for r in hosted if r["feeder"] == solution.feeder]
            if fits:
                payloads.put(data, f"hc/{file}", hosting_payloads.feeder(fits, solution.feeder, found.cases))
            if solution.feeder in opened:
                payloads.put(data, f"oms/{file}", outage_payload.payload(opened[solution.feeder]))
            _write_feeder(spec, data, file, solution, facts, group["reason"])
            if (held := kept_series.payload(spec, inputs, solution)) is not None:
                payloads.put(data, f"kept/{file}", held)
            found.api.add(data.parent / "api", facts, solution, file, hosted)
            found.drawn.add(solution, file)
            found.assets.add(solution)
            if solution.buses and solution.places is not None:
                found.kinds[solution.feeder] = solution.places.kind
    return found


def _write_feeder(
    spec: Mapping[str, Any], data: Path, file: str, solution: Solution, facts: Facts, reason: str
) -> None:
    payloads.put(data, f"f/{file}", payloads.document(sheet.sheet(solution, facts, reason)))
    if solution.places is None or not solution.buses:
        return
    payloads.put(data, f"a/{file}", drawing.parts(solution))
    if solution.solved and series.may_show(spec) and not facts.states:
        hourly = (facts.value("rank", solution.feeder) or 0) <= series.HOURLY_FEEDERS
        payloads.put(data, f"ts/{file}", series.time(solution, hourly=hourly))
    if solution.solved:
        payloads.put(data, f"profile/{file}", series.profile(solution))
