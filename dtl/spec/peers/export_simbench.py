"""A SimBench grid as pandapower JSON with its yearly profiles; runs in the peers environment, which has SimBench.

Called as a program, ``export_simbench.py CODE FOLDER``; it imports nothing of DTL. Writes ``grid.json``,
``profiles.csv`` (a column ``profile:NAME`` of values per unit for each profile, 8,760 hourly means, 29 February left
out) and ``follows.csv`` (which profile each load and static generator follows).
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import pandas as pd

STEPS = 4
"""Steps of an hour in the profiles."""
OF = {"load": ("load", "load"), "sgen": ("generator", "renewables")}
"""By table of the grid: what its rows are, and the table of their profiles."""
FOREIGN = ("profiles", "studycases", "loadcases", "substation")


def hourly(profiles: pd.DataFrame) -> pd.DataFrame:
    """Hourly means of profiles in quarters of an hour, without the stamps and without 29 February."""
    stamps = pd.to_datetime(profiles["time"], format="%d.%m.%Y %H:%M")
    kept = profiles[~((stamps.dt.month == 2) & (stamps.dt.day == 29))].drop(columns="time")
    if len(kept) != 8760 * STEPS:
        raise SystemExit(f"the profiles have {len(kept)} steps without 29 February, not {8760 * STEPS}")
    return kept.reset_index(drop=True).groupby(lambda row: row // STEPS).mean()


def names_of(table: pd.DataFrame, kind: str) -> list[str]:
    """A name for each row that is there once and has no space, as the study that is made of the grid knows it."""
    names = [str(name).strip().lower().replace(" ", "_") for name in table["name"]]
    if table["name"].isna().any() or len(set(names)) < len(names):
        return [f"{kind}_{index}" for index in table.index]
    return names


def export(code: str, folder: Path) -> None:
    """Write the files of one grid."""
    # only the peers environment has both, so no import may name them here
    net = import_module("simbench").get_simbench_net(code)
    columns: dict[str, pd.Series] = {}
    rows = []
    for table, (kind, source) in OF.items():
        values = hourly(net.profiles[source])
        net[table]["name"] = names_of(net[table], table)
        for name, profile in zip(net[table]["name"], net[table]["profile"], strict=True):
            names = [n for n in (f"{profile}_pload", f"{profile}_qload", profile) if n in values]
            columns |= {f"profile:{n}": values[n] for n in names}
            if names:
                kw, kvar = [*names, ""][:2]
                rows.append({"kind": kind, "name": name, "kw_profile": kw, "kvar_profile": kvar})
    for key in FOREIGN:
        if key in net:
            del net[key]
    import_module("pandapower").to_json(net, str(folder / "grid.json"))
    pd.DataFrame(columns).sort_index(axis=1).round(6).to_csv(folder / "profiles.csv", index_label="hour")
    pd.DataFrame(rows).to_csv(folder / "follows.csv", index=False)


if __name__ == "__main__":
    export(sys.argv[1], Path(sys.argv[2]))
