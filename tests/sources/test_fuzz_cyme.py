"""Damaged models of CYME in all three forms: each becomes findings or parts, within two seconds, never a traceback."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from mutations import damage, survive
from twin_database import database
from twin_study import study
from twins import DEMO

CELL = re.compile(r"(?<=,)[^,\n]+|(?<=\n)[^,\n=\[]+(?=,)|(?<=\n)\[[^\n]+|(?<=\n)FORMAT_[^\n]+")
XML = re.compile(r"(?<=>)[^<>\n]+(?=<)|(?<=<)/?[A-Za-z]+")

NUMBER = pytest.mark.parametrize("number", [200, pytest.param(2000, marks=pytest.mark.slow)])


@NUMBER
def test_damaged_text(tmp_path: Path, number: int) -> None:
    rng = random.Random(number)
    text = "".join((DEMO / f"{name}.txt").read_text(encoding="utf-8") for name in ("network", "load", "equipment"))
    for i in range(number):
        (tmp_path / f"m{i:04d}.txt").write_text(damage(text, rng, CELL), encoding="utf-8")
    assert survive("cyme_text", tmp_path, {}) == []


@NUMBER
def test_damaged_study(tmp_path: Path, number: int) -> None:
    rng = random.Random(number)
    for i in range(number):
        (tmp_path / f"m{i:04d}.sxst").write_text(damage(study(), rng, XML), encoding="utf-8", errors="replace")
    assert survive("cyme_xml", tmp_path, {}) == []


@NUMBER
def test_damaged_database(tmp_path: Path, number: int) -> None:
    rng = random.Random(number)
    sound = database(tmp_path / "sound.mdb").read_bytes()
    (tmp_path / "sound.mdb").unlink()
    for i in range(number):
        (tmp_path / f"m{i:04d}.mdb").write_bytes(wounded(sound, rng))
    assert survive("cyme_mdb", tmp_path, {}) == []


def wounded(data: bytes, rng: random.Random) -> bytes:
    """Bytes turned over in the header, a definition or the rows; or the end cut off; or a page doubled."""
    made = bytearray(data)
    if rng.random() < 0.15:
        return bytes(made[: rng.randrange(len(made))])
    page = rng.randrange(len(made) // 4096) * 4096
    if rng.random() < 0.15:
        other = rng.randrange(len(made) // 4096) * 4096
        made[page : page + 4096] = made[other : other + 4096]
        return bytes(made)
    for _ in range(rng.randint(1, 8)):
        used = rng.choice((64, 512, 4096))
        at = page + rng.randrange(used)
        made[at] = rng.choice((0, 1, 255, made[at] ^ 1 << rng.randrange(8), rng.randrange(256)))
    return bytes(made)
