"""Errors in the data of a source that nobody waived close the gate, after the site exists."""

from __future__ import annotations

from pathlib import Path

import pytest
from tinystudy import Tiny


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    """A study with outages whose second row repeats the first."""
    tiny = Tiny(tmp_path_factory.mktemp("gate"))
    (tiny.study.parent / "data/oms.csv").write_text(
        "outage,feeder,start,end,customers\n" + 2 * "1,a,2025-01-01 10:00,2025-01-01 11:00,1\n"
    )
    tiny.say("sources:\n", "sources:\n  oms: {kind: oms, path: data/oms.csv}\n")
    return tiny


def test_an_error_closes_the_gate_and_a_waiver_opens_it(tiny: Tiny) -> None:
    said = tiny.dtl("run", "tiny", code=1)
    assert "outage.duplicate" in said and "data/oms.csv:3" in said and "waive" in said
    assert Path(tiny.results / "www/index.html").is_file()
    with tiny.study.open("a") as file:
        file.write("waive: {outage.duplicate: {why: exported twice, by: me}}\n")
    tiny.dtl("run", "tiny")
