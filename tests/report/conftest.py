"""A made-up study, written and built once per session."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import made_study

from dtl.report.build import build_site
from dtl.report.write import write_site


@dataclass(frozen=True)
class Made:
    inputs: dict[str, Any]
    site: Path
    www: Path

    def build(self, folder: Path) -> tuple[Path, Path]:
        """The same site once more, elsewhere."""
        write_site(made_study.spec(), self.inputs, {"site": folder / "site"})
        build_site({"study": "made"}, {"site": folder / "site"}, {"www": folder / "www"})
        return folder / "site", folder / "www"


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("made")
    inputs = made_study.make(folder / "in")
    site, www = Made(inputs, folder, folder).build(folder)
    return Made(inputs, site, www)
