"""Damaged files of the exchange formats: each becomes findings or parts, within two seconds, and never a traceback."""

from __future__ import annotations

import random
from pathlib import Path

import cim_files
import pytest
from mutations import JSON, XML, damage, survive
from pandapower_nets import old, small, wrapped

PANDAPOWER = [
    wrapped(small(), order="records", text=False),
    wrapped(small()),
    wrapped(old(small()), order="bare", version="1.2.2"),
]


@pytest.mark.parametrize("number", [200, pytest.param(2000, marks=pytest.mark.slow)])
def test_damaged_pandapower(tmp_path: Path, number: int) -> None:
    rng = random.Random(number)
    for i in range(number):
        (tmp_path / f"net_{i:04d}.json").write_text(damage(rng.choice(PANDAPOWER), rng, JSON), encoding="utf-8")
    assert survive("pandapower", tmp_path, {}) == []


@pytest.mark.parametrize("number", [200, pytest.param(2000, marks=pytest.mark.slow)])
def test_damaged_cim(tmp_path: Path, number: int) -> None:
    rng = random.Random(number)
    text = cim_files.file(cim_files.small())
    for i in range(number):
        (tmp_path / f"model_{i:04d}.xml").write_text(damage(text, rng, XML), encoding="utf-8", errors="replace")
    assert survive("cim", tmp_path, {}) == []
