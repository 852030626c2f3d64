"""Damages files at random, reads each in a process of its own with a time limit, and tells what went wrong.

Run as a script by `survive`: one parent that has imported everything forks a child for each file.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

LIMIT_S = 2
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
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return found


def _one(read: Callable[[Path], None], path: Path) -> str:
    """Read one file in a child; its complaint, or nothing."""
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(LIMIT_S)
        status = 1
        try:
            read(path)
            status = 0
        finally:
            if status:
                os.write(send, traceback.format_exc()[-1500:].encode())
            os._exit(status)
    os.close(send)
    told = b""
    while part := os.read(receive, 65536):
        told += part
    os.close(receive)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return f"{path.name}: killed by signal {os.WTERMSIG(status)}"
    return f"{path.name}: {told.decode()}" if status else ""


def main(kind: str, folder: str, spec: str) -> None:
    from models import feeders

    from dtl.sources.registry import READERS

    module, function = READERS[kind].split(":")
    reader = getattr(__import__(module, fromlist=[function]), function)
    __import__("pandas")  # Arrow imports it on first use: better once here than in every child

    def read(path: Path) -> None:
        reading = reader("model", {"kind": kind, "path": path.name, **json.loads(spec)}, {path.name: path})
        some = any(len(table) for table in reading.tables.values())
        assert reading.parts or reading.findings or some, "neither a part, nor a row, nor a finding"
        for feeder in feeders(reading).values():
            assert feeder.to_json()
        things = [r["object"] for r in reading.conversion.values() if not r["property"]]
        assert len(things) == len(set(things)), "an object has two verdicts"

    print(json.dumps([told for p in sorted(Path(folder).iterdir()) if (told := _one(read, p))]))


if __name__ == "__main__":
    main(*sys.argv[1:])
