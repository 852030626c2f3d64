"""Studies with next to nothing, for the pages: hostile names, no coordinates, an empty scenario; or nothing solved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import made_study
import pytest

from dtl import tables
from dtl.report.build import build_site
from dtl.report.write import write_site

HOSTILE = "東/西 <i>'\"&\\ Ω"
"""A name with letters of other scripts, slashes, quotes and marks of HTML."""
CASES = {"base@2026": 1.0, "idle@2026": 1.0}
"""The second scenario is empty: its answers are those of the base."""
NONE = ("meters", "series", "links", "outages", "assets")
"""Tables that are empty: no meter was read, nothing was interrupted."""


class Every:
    """Equal to every feeder and case: all of them fail."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


def site(folder: Path, *, is_solved: bool, is_read: bool = True) -> tuple[Path, dict[str, Any]]:
    """Write and build the site of one feeder; returns its folder and the inputs of the stage ``write_site``.

    Without `is_read` the feeder failed before it had a model.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(made_study, "MODELS", {HOSTILE: made_study.feeder(HOSTILE, 4, placed=False)})
        patch.setattr(made_study, "STRESS", {HOSTILE: 1.0})
        patch.setattr(made_study, "CASES", tuple(CASES))
        patch.setattr(made_study, "GROWTH", CASES)
        patch.setattr(made_study.made_hosting, "rows", lambda *_: [])
        if not is_read:
            patch.setattr(made_study, "MODELS", {})
            patch.setattr(made_study, "LOST", HOSTILE)
        if not is_solved:
            patch.setattr(made_study, "FAILS", Every())
        (folder / "in").mkdir(parents=True)
        inputs = made_study.make(folder / "in")
        for name in NONE:
            path = folder / f"{name}.parquet"
            tables.write(name, tables.TABLES[name].schema.empty_table(), path)
            inputs[name] = ({HOSTILE: path} if is_read else {}) if name == "meters" else path
        inputs |= {"learning": {}, "hosting": {}}
        spec = made_study.spec()
        spec["scenarios"] = {"base": {"title": "", "stack": []}, "idle": {"title": HOSTILE, "stack": []}}
        spec["title"] = HOSTILE
        write_site(spec, inputs, {"site": folder / "site"})
    build_site({"study": "made"}, {"site": folder / "site"}, {"www": folder / "www"})
    return folder / "www", inputs
