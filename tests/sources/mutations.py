"""Damages files at random, reads them in a child process with a limit of time for each, and tells what went wrong.

Run as a script by `survive`: one parent that has imported everything forks a child, and another after each file that
went wrong, so that the next one is read by a sound process.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

LIMIT_S = 2
"""Processor time for one file [s]; other programs of the machine do not count."""
HANGS_S = 600
"""Time on the clock for one file [s], for a reader that waits for something: long, so that a busy machine never meets
it. The run as a whole has no limit, since each of its files has one."""
DONE = b"\x00"
NONSENSE = ["", "-1", "nan", "1e999", "null", "[", "]", "{", "}", "=", '"', "<", ">", "&x;", "\x00", "0", "ä", "true"]
VALUES = ["-1", "0", "null", "1e999", "NaN", '""', '"x"', "[]", "{}", "true", "99999999999999999999", '"\\ud800"']
JSON = re.compile(r'(?<=: )(?:-?\d+(?:\.\d+)?|"[^"\\]*"|true|null)')

XML = re.compile(r"(?<=>)[^<>\n]+(?=<)|(?<=uuid:)[A-Z0-9-]+|(?<=#)[A-Za-z.]+|(?<=cim:)[A-Za-z]+")


def damage(text: str, rng: random.Random, value: re.Pattern[str]) -> str:
    """The text with wounds: one to three values replaced or swapped, or a span cut out, doubled or turned around."""
    if rng.random() < 0.7:
        for _ in range(rng.randint(1, 3)):
            values = list(value.finditer(text))
            hit, other = rng.choice(values), rng.choice(values)
            text = text[: hit.start()] + rng.choice([*VALUES, *[other[0]] * 6]) + text[hit.end() :]
        return text
    at = rng.randrange(len(text) + 1)
    span = text[at : at + rng.choice((1, 5, 40, 400))]
    return text[:at] + rng.choice([rng.choice(NONSENSE), "", span + span, span[::-1]]) + text[at + len(span) :]


def survive(kind: str, folder: Path, spec: dict[str, object]) -> list[str]:
    """What went wrong in reading the files of a folder, one by one; empty when all became findings or parts."""
    command = [sys.executable, __file__, kind, str(folder), json.dumps(spec)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return found


def _some(read: Callable[[Path], None], paths: list[Path]) -> tuple[int, str]:
    """Read files in one child until one goes wrong; how many were read, and the complaint of the last, or nothing."""
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        _limited(read, paths, send)
    os.close(send)
    told = b""
    while part := os.read(receive, 65536):
        told += part
    os.close(receive)
    _, status = os.waitpid(child, 0)
    done = told.count(DONE)
    if os.WIFSIGNALED(status):
        return done + 1, f"{paths[done].name}: killed by signal {os.WTERMSIG(status)}"
    return (done + 1, f"{paths[done].name}: {told.replace(DONE, b'').decode()}") if status else (done, "")


def _limited(read: Callable[[Path], None], paths: list[Path], send: int) -> NoReturn:
    """Read files, each within its limits."""
    status = 1
    try:
        for path in paths:
            _limit()
            read(path)
            os.write(send, DONE)
        status = 0
    finally:
        if status:
            os.write(send, traceback.format_exc()[-1500:].encode())
        os._exit(status)


def _limit() -> None:
    """Let the system kill this process when it meets a limit; a process that it forks needs limits of its own."""
    signal.setitimer(signal.ITIMER_PROF, LIMIT_S)
    signal.alarm(HANGS_S)


def _in_a_fork() -> None:
    """Let the OpenDSS reader fork its engine's process: to start one anew for each file takes a quarter second."""
    from dss import DSS

    from dtl.sources import opendss, opendss_engine

    def circuit_of(commands: list[str]) -> dict[str, object]:
        with tempfile.TemporaryDirectory() as folder:
            asked, answer, progress = (Path(folder) / n for n in ("asked.json", "answer.json", "progress"))
            asked.write_text(json.dumps(list(commands)), encoding="utf-8")
            child = os.fork()
            if child == 0:
                try:
                    _limit()
                    opendss_engine.main(asked, answer, progress)
                finally:
                    os._exit(0)
            os.waitpid(child, 0)
            if answer.exists():
                found: dict[str, object] = json.loads(answer.read_text(encoding="utf-8"))
                return found
        return {"name": "", "crashed": 0, "errors": [[0, "died"]], "classes": {}, "buses": {}, "frequency_hz": 60.0}

    assert DSS.NumCircuits == 0
    setattr(opendss, "circuit_of", circuit_of)  # noqa: B010  (a name of another module, on purpose)


def main(kind: str, folder: str, spec: str) -> None:
    from models import feeders

    from dtl.sources.registry import READERS

    module, function = READERS[kind].split(":")
    reader = getattr(__import__(module, fromlist=[function]), function)
    if kind == "opendss":
        _in_a_fork()
    __import__("pandas")  # Arrow imports it on first use: better once here than in every child

    def read(path: Path) -> None:
        reading = reader("model", {"kind": kind, "path": path.name, **json.loads(spec)}, {path.name: path})
        some = any(len(table) for table in reading.tables.values())
        assert reading.parts or reading.findings or some, "neither a part, nor a row, nor a finding"
        for feeder in feeders(reading).values():
            assert feeder.to_json()
        things = [r["object"] for r in reading.conversion.values() if not r["property"]]
        assert len(things) == len(set(things)), "an object has two verdicts"

    left, found = sorted(Path(folder).iterdir()), list[str]()
    while left:
        count, told = _some(read, left)
        found += [told] if told else []
        left = left[count:]
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
