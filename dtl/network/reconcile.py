"""The elements of the model and the assets of the GIS that are the same thing: links, and what the two state otherwise.

Overrides win, then `dtl.network.matching`. What is linked to nothing is in the table too, with the other side empty.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from dtl import tables
from dtl.errors import Finding
from dtl.network import counterparts, overrides
from dtl.network.matching import matched, shift
from dtl.plural import many
from dtl.sources.reading import plain

NAMED = 5
"""So many elements are named in a finding; the table holds all."""
REMEDY = "Look at the table of links; network.reconcile.overrides of the study always wins."
FARTHEST_M = 15.0
"""Farthest match of a study that does not say it [m]."""
DIFFERS = {
    "feeder": "reconcile.feeder-differs",
    "phases": "reconcile.phases-differ",
    "kva": "reconcile.kva-differs",
    "length_m": "reconcile.length-differs",
    "closed": "reconcile.position-differs",
}
"""The check of each property that both may state otherwise."""
COMPARED = ("feeder", "phases", "kva", "length_m", "closed")
"""What both may state, as columns of `dtl.network.counterparts`."""
AGREED = 0.9
"""Share of the links of a GIS's feeder from which on its name stands for one feeder of the model."""
LENGTH_APART, KVA_APART = 0.10, 0.01
"""From these parts lengths and ratings count as stated otherwise."""


@dataclass
class Reconciled:
    """The table ``links``, the findings, and where the parts of the model stand by their assets.

    ``ends`` has a row per linked element: ``feeder``, ``kind``, ``node1``, ``node2`` (``feeder/bus``), ``x1``, ``y1``,
    ``x2``, ``y2`` [m]; ``aside`` is how far the other places of the model were shifted, east and north [m].
    """

    links: pa.Table
    findings: list[Finding] = field(default_factory=list)
    ends: pd.DataFrame = field(default_factory=pd.DataFrame)
    aside: tuple[float, float] = (0.0, 0.0)


def reconcile(
    network: pa.Table, assets: pa.Table, edges: pa.Table, words: Mapping[str, Any], raw: Mapping[str, Path]
) -> Reconciled:
    """Link a table ``network`` with tables ``assets`` and ``gis_edges``.

    ``words`` are those of the study's ``network.reconcile``; `raw` holds the file of overrides by its name.
    """
    theirs = counterparts.assets(assets, edges)
    if theirs.empty:
        return Reconciled(tables.concat("links", []))
    ours = counterparts.elements(network)
    theirs = theirs[theirs["kind"].isin(set(ours["kind"]))].reset_index(drop=True)
    forced: dict[str, tuple[str, str]] = {}
    findings: list[Finding] = []
    if name := words.get("overrides"):
        forced, findings = overrides.assets(name, raw.get(name))
    fixed, lost = _forced(ours, theirs, forced)
    findings += [overrides.unknown(overrides.ASSETS, str(name), f, value) for f, value in lost]
    most = float(words.get("max_distance_m") or FARTHEST_M)
    aside = shift(ours, theirs, most)
    for axis, metres in zip("xy", aside, strict=True):
        for end in "12":
            ours[axis + end] = ours[axis + end].astype(float) + metres
    free, open_ = ours.drop(index=fixed["i"]), theirs.drop(index=fixed["j"])
    pairs = matched(free.reset_index(drop=True), open_.reset_index(drop=True), most)
    pairs["i"], pairs["j"] = (
        free.index.to_numpy()[pairs["i"].astype(int)],
        open_.index.to_numpy()[pairs["j"].astype(int)],
    )
    pairs = pd.concat([fixed, pairs], ignore_index=True).astype({"i": int, "j": int, "swapped": bool})
    called = _called(ours, theirs, pairs)
    for name, model in sorted(called.items()):
        text = f"feeder {model} of the model is called {name} in the GIS"
        findings.append(Finding("reconcile.feeder-name", "info", text, feeder=model, field="feeder", value=name))
    theirs["feeder"] = (
        theirs["feeder"].map({n: called.get(str(n), n) for n in theirs["feeder"].unique()}).astype(object)
    )
    pairs["differs"] = pd.Series(_differs(ours, theirs, pairs), dtype=object)
    findings += _told(ours, theirs, pairs, aside)
    return Reconciled(_links(ours, theirs, pairs), findings, _places(ours, theirs, pairs), aside)


def _forced(
    ours: pd.DataFrame, theirs: pd.DataFrame, forced: Mapping[str, tuple[str, str]]
) -> tuple[pd.DataFrame, list[tuple[str, str]]]:
    """The pairs of the overrides, and the field and value of those that name nothing."""
    found: list[dict[str, Any]] = []
    lost: list[tuple[str, str]] = []
    asset = {n: i for i, n in zip(theirs.index, theirs["name"], strict=True)}
    for name, (feeder, element) in sorted(forced.items()):
        j = asset.get(name)
        same = [plain(element) in (n, *(plain(m) for m in ms))
                for n, ms in zip(ours["name"], ours["members"], strict=True)] if j is not None else []  # fmt: skip
        fits = ours.index[same] if j is not None else ours.index[:0]
        if j is not None:
            fits = [i for i in fits if ours["kind"][i] == theirs["kind"][j] and feeder in ("", ours["feeder"][i])]
        if j is None or not len(fits):
            lost.append(("asset", name) if j is None else ("element", element))
        else:
            found.append({"i": fits[0], "j": j})
    columns = {"probability": 1.0, "basis": "override", "distance_m": np.nan, "swapped": False}
    return pd.DataFrame(found, columns=["i", "j"]).drop_duplicates("i").assign(**columns), lost


def _called(ours: pd.DataFrame, theirs: pd.DataFrame, pairs: pd.DataFrame) -> dict[str, str]:
    """The feeder of the model by its name in the GIS, where the GIS has another name for it and links agree on it."""
    known = {plain(name) for name in ours["feeder"].unique()}
    both = pd.DataFrame({"own": ours["feeder"].to_numpy()[pairs["i"]], "name": theirs["feeder"].to_numpy()[pairs["j"]]})
    foreign = [name for name in both["name"].unique() if plain(str(name)) not in ("", *known)]
    both = both[both["name"].isin(foreign)]
    found = {}
    for name, models in both.groupby("name")["own"]:
        count = models.value_counts()
        if len(models) >= NAMED and count.iloc[0] >= AGREED * len(models):
            found[str(name)] = str(count.index[0])
    return found


def _differs(ours: pd.DataFrame, theirs: pd.DataFrame, pairs: pd.DataFrame) -> list[str]:
    """Of each pair what both state, and state otherwise: first the model, then the GIS."""
    a, b = ({c: side[c].to_numpy(object)[pairs[of]] for c in COMPARED} for side, of in ((ours, "i"), (theirs, "j")))
    called = {f: plain(str(f)) for side in (a, b) for f in set(side["feeder"])}
    own, other = (np.array([called[f] for f in side["feeder"]], object) for side in (a, b))
    known = [np.array([v is not None for v in side["closed"]], bool) for side in (a, b)]
    differ = {
        "feeder": (other != "") & (other != own),
        "phases": (a["phases"] != 0) & (b["phases"] != 0) & (a["phases"] != b["phases"]),
        "closed": known[0] & known[1] & (a["closed"] != b["closed"]),
    }
    for column, most in (("kva", KVA_APART), ("length_m", LENGTH_APART)):
        x, y = a[column].astype(float), b[column].astype(float)
        differ[column] = (x > 0) & (y > 0) & (np.abs(x - y) > most * np.maximum(x, y))
    found: list[list[str]] = [[] for _ in range(len(pairs))]
    for column in COMPARED:
        shown = SHOWN.get(column, "{:.6g}".format)
        for row in np.flatnonzero(differ[column]):
            found[row].append(f"{column} {shown(a[column][row])}/{shown(b[column][row])}")
    return ["; ".join(texts) for texts in found]


def _letters(bits: int) -> str:
    return "".join(letter for letter, bit in (("A", 1), ("B", 2), ("C", 4)) if bits & bit)


SHOWN: Mapping[str, Callable[[Any], str]] = {
    "feeder": str,
    "phases": _letters,
    "closed": lambda closed: "yes" if closed else "no",
}
"""How values of properties are told; others are numbers."""


def _links(ours: pd.DataFrame, theirs: pd.DataFrame, pairs: pd.DataFrame) -> pa.Table:
    own = [ours[c].to_numpy(object)[pairs["i"]] for c in ("feeder", "kind", "members")]
    about = [pairs[c].to_numpy(object) for c in ("probability", "basis", "distance_m", "differs")]
    both = zip(*own, theirs["name"].to_numpy(object)[pairs["j"]], *about, strict=True)
    rows = [(feeder, kind, member, asset, *rest) for feeder, kind, members, asset, *rest in both for member in members]
    none = (None, "none", None, "")
    alone = ours.drop(index=pairs["i"])
    for feeder, kind, members in zip(*(alone[c].to_numpy(object) for c in ("feeder", "kind", "members")), strict=True):
        rows += [(feeder, kind, member, "", *none) for member in members]
    known, left = set(ours["feeder"]), theirs.drop(index=pairs["j"])
    for feeder, kind, asset in zip(*(left[c].to_numpy(object) for c in ("feeder", "kind", "name")), strict=True):
        rows.append((feeder if feeder in known else "", kind, "", asset, *none))
    names = ("feeder", "kind", "element", "asset", "confidence", "basis", "distance_m", "differs")
    return tables.frame("links", {name: [row[i] for row in rows] for i, name in enumerate(names)})


def _places(ours: pd.DataFrame, theirs: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    found = ours.loc[pairs["i"], ["feeder", "kind", "node1", "node2"]].reset_index(drop=True)
    swapped = pairs["swapped"].to_numpy(bool)
    for axis in "xy":
        first, second = (theirs[axis + n].to_numpy(float)[pairs["j"]] for n in "12")
        found[axis + "1"], found[axis + "2"] = np.where(swapped, second, first), np.where(swapped, first, second)
    return found


def _told(
    ours: pd.DataFrame, theirs: pd.DataFrame, pairs: pd.DataFrame, aside: tuple[float, float]
) -> Iterator[Finding]:
    ways = Counter(pairs["basis"])
    parts = ", ".join(f"{n} by {b}" for b, n in sorted(ways.items())) or "none"
    text = f"elements of the model linked with assets of the GIS: {parts}; of {len(ours)} elements"
    yield Finding("reconcile.linked", "info", text, field="links", value=str(len(pairs)))
    if aside != (0.0, 0.0):
        text = "the model lies aside from the GIS by this much, east and north; places were compared without it [m]"
        value = f"{aside[0]:.2f}, {aside[1]:.2f}"
        yield Finding("reconcile.shift", "warning", text, field="x, y", value=value, remedy="State the model's system.")
    high = theirs[theirs["low"] != True]  # noqa: E712
    rest = [
        ("reconcile.no-asset", ours.drop(index=pairs["i"])["name"], "elements of the model have no asset in the GIS"),
        ("reconcile.no-element", high.drop(index=pairs["j"], errors="ignore")["name"], "assets of the GIS above the "
         "transformers have no element in the model"),
        ("reconcile.weak", ours.loc[pairs["i"][pairs["probability"] < 0.9], "name"], "links are little sure"),
    ]  # fmt: skip
    for check, names, what in rest:
        if len(names):
            value = ", ".join(sorted(names)[:NAMED]) + (", ..." if len(names) > NAMED else "")
            yield Finding(check, "warning", f"{len(names)} {what}", field="links", value=value, remedy=REMEDY)
    for word, check in DIFFERS.items():
        rows = pairs[pairs["differs"].str.contains(rf"(?:^|; ){word} ")]
        if len(rows):
            told = [f"{ours['name'][i]}: {d}" for i, d in zip(rows["i"], rows["differs"], strict=True)]
            value = ", ".join(sorted(told)[:NAMED]) + (", ..." if len(told) > NAMED else "")
            text = many(len(rows), f"elements have another {word} in the GIS (model/GIS)")
            yield Finding(check, "warning", text, field=word, value=value,
                          remedy="One of the two sources is wrong; the model's value is used.")  # fmt: skip
