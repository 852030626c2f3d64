"""Paths of a study and the links in them: nothing outside of its data roots is read unless the study declares it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dtl.errors import SpecError
from dtl.spec.study import load

STUDY = """\
dtl: 1
title: t
timezone: UTC
feeders: ["*"]
ROOTS
sources: {circuit: {kind: opendss, path: PATH}}
network: {model: circuit}
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A study beside another one, and a folder outside of both with a model."""
    for folder in ("outside", "studies/mine/data", "studies/other"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "master.dss").write_text("")
    return tmp_path / "studies" / "mine"


def slugs(home: Path, path: str, roots: str = "") -> list[str]:
    """The mistakes of the study with a path and with data roots."""
    (home / "study.yaml").write_text(STUDY.replace("PATH", path).replace("ROOTS", roots))
    try:
        load(home)
    except SpecError as error:
        assert all("outside" not in m.message or str(home) not in m.message for m in error.mistakes)
        return [m.slug for m in error.mistakes]
    return []


@pytest.mark.parametrize(
    "path", ["data/master.dss", "../other/master.dss", '"data/*.dss"', "./data/../data/master.dss"]
)
def test_what_lies_in_the_studies_is_read(home: Path, path: str) -> None:
    assert slugs(home, path) == []


@pytest.mark.parametrize(
    "path", ["../../outside/master.dss", '"../../outside/*.dss"', "data/../../../outside/master.dss"]
)
def test_what_lies_outside_is_declared(home: Path, path: str) -> None:
    assert slugs(home, path) == ["spec.outside-roots"]
    assert slugs(home, path, "data_roots: [../../outside]") == []
    assert slugs(home, path, "data_roots: [../other]") == ["spec.outside-roots"]


def test_a_link_in_the_path(home: Path) -> None:
    (home / "linked").symlink_to(home.parents[1] / "outside")
    assert slugs(home, "linked/master.dss") == ["spec.outside-roots"]
    assert slugs(home, '"linked/*.dss"') == ["spec.outside-roots"]
    assert slugs(home, "linked/master.dss", "data_roots: [linked]") == []


def test_a_link_beside_the_master_and_one_that_a_wildcard_finds(home: Path) -> None:
    (home / "data" / "lines.dss").symlink_to(home.parents[1] / "outside" / "master.dss")
    assert slugs(home, "data/master.dss") == ["spec.outside-roots"], "all files beside a master belong to it"
    assert slugs(home, '"*/master.dss"') == ["spec.outside-roots"]
    assert slugs(home, "data/master.dss", "data_roots: [../../outside]") == []
    (home / "data" / "lines.dss").unlink()
    (home / "data" / "lines.dss").symlink_to(home / "data" / "master.dss")
    assert slugs(home, "data/master.dss") == [], "a link that stays inside harms nobody"


def test_a_study_that_is_itself_behind_a_link(home: Path) -> None:
    (home.parents[1] / "elsewhere").symlink_to(home.parent)
    assert slugs(home.parents[1] / "elsewhere" / "mine", "../other/master.dss") == []
