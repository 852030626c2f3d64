"""The tutorial, word for word: its blocks are executed one after the other in a new folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from docs.blocks import ROOT, of_page

PAGE = ROOT / "site/docs/tutorial.md"
END = "-- end of block --"


def script() -> tuple[str, list[list[str]]]:
    """The blocks as one script that says where each ends, and the lines that each must print."""
    text, said = "", list[list[str]]()
    for block in of_page(PAGE):
        if "skip" in block.marker:
            continue
        if block.language == "text":
            said[-1] += block.text.splitlines()
        else:
            body = f"python - <<'PYTHON'\n{block.text}PYTHON\n" if block.language == "python" else block.text
            text += f"{body}echo '{END}'\n"
            said.append([])
    return text, said


@pytest.mark.slow
@pytest.mark.workflow
def test_the_tutorial_works_word_for_word(tmp_path: Path) -> None:
    binaries = tmp_path / "bin"
    binaries.mkdir()
    for name, words in (("dtl", "-m dtl.cli"), ("python", "")):
        (binaries / name).write_text(f'#!/bin/sh\nexec {sys.executable} {words} "$@"\n', encoding="utf-8")
        (binaries / name).chmod(0o755)
    who = {f"GIT_{of}_{what}": "ana" for of in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    known = {k: v for k, v in os.environ.items() if not k.startswith("DTL_")} | who
    known |= {"PATH": f"{binaries}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    text, said = script()
    words = ["bash", "-c", f"exec 2>&1\n{text}"]
    done = subprocess.run(words, cwd=tmp_path, env=known, capture_output=True, text=True, check=False)
    printed = done.stdout.split(f"{END}\n")[:-1]
    assert len(printed) == len(said), done.stdout
    for lines, there in zip(said, printed, strict=True):
        for line in lines:
            assert line in there.splitlines(), f"{line}\n\nis not in\n\n{there}"
    assert "Traceback" not in done.stdout and "error:" not in done.stdout, done.stdout


def test_the_tutorial_has_what_a_pull_request_needs() -> None:
    text, said = script()
    for verb in ("new", "check", "plan", "run", "show", "why", "diff"):
        assert f"dtl {verb} " in text
    for word in ("--lock", "--base main", "run --changed", "--md", "git commit", "git switch"):
        assert word in text
    assert sum(map(len, said)) > 10
