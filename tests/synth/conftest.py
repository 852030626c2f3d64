"""Small synthetic utilities that the tests of ``synth`` share."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from dtl.synth.settings import Settings
from dtl.synth.utility import write

SMALL = Settings(feeders=5, seed=7, start=date(2025, 11, 1), days=3, meters=(50, 80), errors="many", oms_years=3)
"""Five feeders at three substations, one of them rural, over the end of daylight saving."""


@pytest.fixture(scope="session")
def settings() -> Settings:
    return SMALL


@pytest.fixture(scope="session")
def utility(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A utility with many planted errors."""
    folder = tmp_path_factory.mktemp("synth") / "utility"
    write(SMALL, folder)
    return folder


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One feeder without planted errors."""
    folder = tmp_path_factory.mktemp("synth") / "clean"
    write(replace(SMALL, feeders=1, errors="none", step_min=60), folder)
    return folder
