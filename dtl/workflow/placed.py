"""What layers look for in the network by name, over all feeders of a run, where none or several have it."""

from __future__ import annotations

import difflib
from pathlib import Path

from dtl import layout
from dtl.workflow import digests

_FILES = ("equipment", "calibrated")
"""Words of the section ``network`` whose files have rows that must be of something."""
COMMON = ("load of the class", "area")
"""What many feeders may have by one name."""
Key = tuple[str, str, str]
"""Layer, what is looked for, and its name."""


def astray(study: str) -> list[str]:
    """One line for each name that a layer states and that no solved feeder has, or more than one."""
    index = digests.read_json(Path(layout.FEEDERS.format(study=study))) or {"groups": {}}
    places: dict[Key, list[str]] = {}
    near: dict[Key, set[str]] = {}
    failed = ""
    for group, about in sorted(index["groups"].items()):
        path = Path(layout.MANIFEST.format(study=study, group=group))
        manifest = digests.read_json(path) if about["status"] == "ok" else None
        for told in (manifest or {"cases": {}})["cases"].values():
            failed += str(told.get("reason", ""))
            for row in told.get("sought", ()):
                key = (row["layer"], row["what"], row["name"])
                near.setdefault(key, set()).update(row["near"])
                groups = places.setdefault(key, [])
                if row["found"] and group not in groups:
                    groups.append(group)
    for name, groups in (index.get("switches") or {}).items():
        places["network.switches", "switch", name] = groups
        near["network.switches", "switch", name] = set()
    lines = [_unused(word, name) for word in _FILES for name, groups in (index.get(word) or {}).items() if not groups]
    lines += [f"feeders: no feeder of the sources meets '{what}'" for what in index.get("unmet") or ()]
    lines += [f"network.switches: SCADA states '{name}', and no feeder has a switch of this name"
              for name in index.get("not_a_switch") or ()]  # fmt: skip
    asked = [key for key in sorted(places) if places[key] or f"layer '{key[0]}'" not in failed]
    return [*(line for key in asked if (line := _line(key, places[key], near[key]))), *lines]


def _unused(word: str, name: str) -> str:
    return f"network.{word}: no feeder has a {name}, so this row does nothing"


def _line(key: Key, groups: list[str], near: set[str]) -> str:
    layer, what, name = key
    where = f"layer '{layer}'" if "." not in layer else layer
    if not groups:
        best = difflib.get_close_matches(name.lower(), sorted(near), 2, 0.0)
        meant = f"; did you mean {' or '.join(repr(n) for n in best)}?" if best else ""
        return f"{where}: no feeder that was solved has a {what} '{name}'{meant}"
    if len(groups) > 1 and what not in COMMON:
        return (
            f"{where}: {len(groups)} feeders have a {what} '{name}' ({', '.join(groups[:5])}) and each was "
            f"changed; write which, as {groups[0]}:{name}"
        )
    return ""
