"""Outages linked to feeders and devices of the model: the name itself, then the declared alias rule.

No interruption is dropped: what has no device still counts for its feeder, and what has no feeder for the study. What
is linked to nothing is listed as a finding, and the share of links is told for each source.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from dtl import tables
from dtl.errors import Finding
from dtl.network.rows import records, texts
from dtl.network.served import Served, counted
from dtl.plural import many
from dtl.sources.reading import plain

KINDS = ("switch", "transformer", "regulator", "capacitor", "reactor", "line", "source")
"""The kinds of elements that can open or fail; where several have one name, the first counts."""

NAMES = ("outages", "steps", "served")
"""The tables of a source of outages, and of the study."""

MARGIN, FEW = 0.1, 1
"""An interruption may concern more customers than are served by this share, or by so many: the number of a feeder is of
one day or the mean of a year, and where meters or loads are counted some may be missing."""

Names = Mapping[str, Mapping[str, tuple[str, str]]]
"""feeder -> name -> kind and name of the element."""


@dataclass
class Outages:
    """The three tables of the study, as rows, and what was found when they were made."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {n: [] for n in NAMES})
    findings: list[Finding] = field(default_factory=list)

    def write(self, paths: Mapping[str, Path]) -> None:
        """Write the tables to the paths of their names."""
        for name, rows in self.rows.items():
            columns = {c.name: [r[c.name] for r in rows] for c in tables.TABLES[name].columns}
            tables.write(name, tables.frame(name, columns), paths[name])


def link(folders: Mapping[str, Path], network: pa.Table, same: pa.Table, metered: Container[str] = ()) -> Outages:
    """The outages of all sources (folders by name) that have any, linked to the elements of a table ``network``.

    A device may be called as in the GIS where a row of `same`, a table ``links``, says which element it is. `metered`
    are the feeders whose customers are counted by meters.
    """
    found = Outages()
    mine = {name: folder for name, folder in sorted(folders.items()) if (folder / "outages.parquet").is_file()}
    if not mine:
        return found
    names = _names(network, same)
    links = _Links(names)
    found.rows["served"] = _served(mine, counted(network, metered), links, found.findings)
    served = Served(found.rows["served"])
    for source, folder in mine.items():
        outages = records(tables.read("outages", folder / "outages.parquet"))
        for row in outages:
            links.link(row)
        found.findings += _judged(source, outages, served)
        found.findings += _unlinked(source, outages)
        found.rows["outages"] += outages
        found.rows["steps"] += records(tables.read("steps", folder / "steps.parquet"))
    return found


def _names(network: pa.Table, same: pa.Table) -> Names:
    found: dict[str, dict[str, tuple[str, str]]] = {}
    rows = zip(*(texts(network[c]) for c in ("feeder", "kind", "name")), strict=True)
    rank = {kind: i for i, kind in enumerate(KINDS)}
    for feeder, kind, name in sorted(rows, key=lambda r: rank.get(r[1], len(KINDS))):
        own = found.setdefault(feeder, {})
        if kind in rank:
            own.setdefault(name, (kind, name))
    linked = (texts(same[c]) for c in ("feeder", "kind", "element", "asset"))
    for feeder, kind, element, asset in zip(*linked, strict=True):
        if element and asset:
            found[feeder].setdefault(plain(asset), (kind, element))
    return found


class _Links:
    """Finds feeders and elements by their names, without regard to case and blanks."""

    def __init__(self, names: Names):
        self._names = names
        self._feeders: dict[str, str] = {}
        for feeder in sorted(names):
            self._feeders.setdefault(plain(feeder), feeder)
        self._owners: dict[str, list[str]] = {}
        for feeder, own in sorted(names.items()):
            for name in own:
                self._owners.setdefault(name, []).append(feeder)

    def feeder(self, *names: str) -> str | None:
        """The feeder that has one of the names."""
        return next((self._feeders[plain(n)] for n in names if n and plain(n) in self._feeders), None)

    def link(self, row: dict[str, Any]) -> None:
        """Write into a row which feeder and which element it belongs to, and how they were found."""
        tried = [("exact", row["device"]), ("alias", row["device_alias"])]
        devices = [(how, plain(name)) for how, name in tried if name]
        row["feeder_link"] = "none"
        for how, name in (("exact", row["feeder"]), ("alias", row["feeder_alias"])):
            if name and (feeder := self.feeder(name)) is not None:
                row |= {"feeder": feeder, "feeder_link": how}
                break
        else:
            owners = next((o for _, d in devices if len(o := self._owners.get(d, [])) == 1), [])
            if owners and not row["feeder"]:
                row |= {"feeder": owners[0], "feeder_link": "device"}
            row["feeder"] = row["feeder"] or row["feeder_alias"]
        own = self._names.get(row["feeder"], {})
        if devices:
            row["device_link"] = "elsewhere" if any(d in self._owners for _, d in devices) else "none"
        for how, device in devices:
            if device in own:
                kind, element = own[device]
                row |= {"kind": kind, "element": element, "device_link": how}
                break


def _served(
    folders: Mapping[str, Path], own: list[dict[str, Any]], links: _Links, findings: list[Finding]
) -> list[dict[str, Any]]:
    """Customers served of every feeder: as stated by the first source that does, else as `own` counts them."""
    stated: dict[tuple[str, int], dict[str, Any]] = {}
    for source, folder in folders.items():
        for row in tables.read("served", folder / "served.parquet").to_pylist():
            feeder = links.feeder(row["feeder"])
            if feeder is None or (feeder, row["year"]) in stated:
                why = "the model does not have" if feeder is None else "another source or name states already"
                text = f"customers served are stated of a feeder that {why}; they are not used"
                remedy, where = "Name the feeders of the model, each once.", "customers_served"
                found = Finding(
                    "outage.served", "warning", text, source, field=where, value=row["feeder"], remedy=remedy
                )
                findings.append(found)
            else:
                stated[feeder, row["year"]] = row | {"feeder": feeder}
    named = {feeder for feeder, _ in stated}
    return [*stated.values(), *(row for row in own if row["feeder"] not in named)]


def _judged(source: str, rows: Iterable[dict[str, Any]], served: Served) -> Iterator[Finding]:
    """Refuse interruptions of far more customers than are served; tell by feeder those of a few more, which count."""
    over: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if row["feeder_link"] == "none" and row["feeder"]:
            continue
        most = served.customers(row["feeder"], row["day"].year)
        if row["customers"] <= most:
            continue
        if most and row["customers"] <= max(most * (1 + MARGIN), most + FEW):
            over.setdefault(row["feeder"], []).append(row)
            continue
        row["refused"] = f"more customers than are served ({most:g})"
        text = "far more customers are interrupted than are served; it is not counted"
        yield Finding("outage.customers", "error", text, source=row["source"], file=row["file"], line=row["line"],
                      feeder=row["feeder"], element=f"outage {row['outage']}", field="customers",
                      value=f"{row['customers']} of {most:g}",
                      remedy="Correct the number, or state customers_served of the source.")  # fmt: skip
    for feeder, some in sorted(over.items()):
        first = max(some, key=lambda r: r["customers"])
        most = served.customers(feeder, first["day"].year)
        text = many(len(some), "interruptions have a few customers more than the feeder; counted as stated")
        yield Finding("outage.customers-over", "warning", text, source=source, file=first["file"], line=first["line"],
                      feeder=feeder, element=f"outage {first['outage']}", field="customers",
                      value=f"{first['customers']} of {most:g}",
                      remedy="State customers_served of the source if that number is wrong.")  # fmt: skip


def _unlinked(source: str, rows: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    """What is linked to nothing, each name once, and the share of links."""
    rows = list(rows)
    feeders = Counter(r["feeder"] for r in rows if r["feeder_link"] == "none")
    remedy = "Declare feeder_names of the source, if it is a feeder of the model."
    for feeder, count in sorted(feeders.items()):
        minutes = sum(r["customer_minutes"] for r in rows if r["feeder_link"] == "none" and r["feeder"] == feeder)
        what = "of a feeder that the model does not have" if feeder else "of no feeder, which count for the study only"
        text = f"interruptions {what}: {count}, with {minutes:g} customer minutes"
        yield Finding("outage.unknown-feeder", "warning", text, source=source, field="feeder", value=feeder,
                      remedy=remedy)  # fmt: skip
    known = [r for r in rows if r["feeder_link"] != "none" and r["device"]]
    lost = Counter((r["feeder"], r["device"], r["device_link"]) for r in known if not r["element"])
    for (feeder, device, how), count in sorted(lost.items()):
        text = "is on another feeder of the model" if how == "elsewhere" else "is no element of the model"
        yield Finding("outage.unknown-device", "warning", f"the device {text}; interruptions: {count}", source,
                      feeder=feeder, field="device", value=device, remedy="Declare device_names.")  # fmt: skip
    if rows and not known and not any(r["feeder_link"] != "none" for r in rows):
        yield Finding("outage.no-feeder", "error", "no interruption is of a feeder of the model", source=source,
                      field="feeder", value=", ".join(list(feeders)[:5]), remedy=remedy)  # fmt: skip
    devices, linked = Counter(r["device_link"] for r in known), sum(bool(r["element"]) for r in known)
    share = f"{100 * linked / len(known):.1f} %" if known else "none"
    ways = ", ".join(f"{count} {how}" for how, count in sorted(devices.items()))
    text = f"{linked} of {len(known)} interruptions with a device are linked to the model ({ways or 'no device'})"
    yield Finding("outage.links", "info", text, source=source, field="device", value=share)
