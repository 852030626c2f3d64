"""The commands of the pages, executed one after the other as they stand, where the studies are that they speak of."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from docs.blocks import ROOT, of_page
from docs.test_blocks import commands

PAGES = ("README.md", "site/docs/ask.md", "site/docs/publish.md", "site/docs/scenarios/actions.md")
ELSEWHERE = {
    "make ": "the workflow of CI makes them, each by itself",
    "dtl report north --open": "opens a browser",
    "dtl serve": "waits for people; tests/report/test_serve.py",
    "postgresql://": "tests/report/test_publish.py starts one",
    " utility ": "needs the files of `make utility`; tests/workflow/test_fast.py and tests/synth",
    "act north scale-load": "BUS stands for one of the reader's; the block of the pilot names one",
}
"""Commands that are not executed here, by what stands in them, and why or where."""
PILOT = "tests/cases/workflow/pilot"


def executed() -> list[str]:
    found = [c for page in PAGES for block in of_page(ROOT / page) for c in commands(block)]
    return [c for c in found if not any(word in c for word in ELSEWHERE)]


def test_what_is_not_executed_is_told() -> None:
    every = [c for page in PAGES for block in of_page(ROOT / page) for c in commands(block)]
    assert all(any(word in c for c in every) for word in ELSEWHERE), "a reason that nothing needs"
    assert len(executed()) >= 20


@pytest.mark.slow
@pytest.mark.workflow
def test_commands_do_what_pages_say(tmp_path: Path) -> None:
    """Those that find something end with 2, as they are told to; none with an error, none with a traceback."""
    for name in ("dtl", "python"):
        (tmp_path / "bin").mkdir(exist_ok=True)
        words = "-m dtl.cli " * (name == "dtl")
        (tmp_path / "bin" / name).write_text(f'#!/bin/sh\nexec {sys.executable} {words}"$@"\n')
        (tmp_path / "bin" / name).chmod(0o755)
    here = tmp_path / "grid"
    shutil.copytree(ROOT / "studies/demo", here / "studies/demo", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / PILOT, here / "studies/pilot")
    known = {k: v for k, v in os.environ.items() if not k.startswith("DTL_")}
    known |= {f"GIT_{of}_{what}": "ana" for of in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    known |= {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}

    def told(command: str) -> tuple[int, str]:
        done = subprocess.run(["bash", "-c", command], cwd=here, env=known, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    ignored = "printf '%s\\n' results/ .dtl-store/ .snakemake/ benchmarks/ logs/ > .gitignore"
    commit = "git init -q -b main && git add . && git commit -q -m Studies"
    shave = '{"name": "peak_shaving", "min_power_kw": 10, "target_pf": 0.95}'
    member = '{"bus_name": "1", "dfp_number": 1}'
    program = f"dtl call pilot POST /register_dfp -d '{shave}' && dtl call pilot POST /subscribe_dfp -d '{member}'"
    code, said = told(f"{ignored}; {program} && {commit} && dtl run demo")
    assert code == 0, said
    for command in executed():
        code, said = told(command)
        assert code in (0, 2) and "Traceback" not in said, f"{command}\n\nends with {code}:\n{said[-3000:]}"
