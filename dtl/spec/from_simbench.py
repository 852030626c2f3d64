"""``dtl new NAME --from simbench CODE``: a study of a SimBench grid, exported by the peers environment."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

EXPORT = Path(__file__).with_name("peers") / "export_simbench.py"
PEERS = "DTL_PEERS"
"""The variable that names the peers environment, unless `--peers` does."""
MINUTES = 10

STUDY = """\
# yaml-language-server: $schema=SCHEMA
# The SimBench grid CODE (ODbL 1.0, see simbench.de), as its package ships it; `data/grid.json` is of pandapower.
dtl: 1
title: SimBench CODE
timezone: Europe/Berlin
feeders: [grid]

# SimBench's profiles are of 2016: 8,760 hourly means of its quarters of an hour, 29 February left out.
years: {measured: 2016}

sources:
  grid: {kind: pandapower, path: data/grid.json, each_file: grid}

network: {model: grid, secondary: modelled}

# `data/profiles.csv` holds the yearly profiles per unit, `data/follows.csv` who follows which.
demand: {from: [profile, model_loads], path: data/profiles.csv, follows: data/follows.csv}

limits:
  lines: {over_pct: 100}
  transformers: {over_pct: 100, window_h: 1}
  voltage: [{where: {kv: [0, 400]}, low_pu: 0.9, high_pu: 1.1}]
"""


def make(folder: Path, code: str, peers: str | None, schema: str) -> str:
    """Write the study of a grid into a new folder; empty, or why it cannot be done. Leaves nothing behind then."""
    if not re.fullmatch(r"[A-Za-z0-9._-]{3,64}", code):
        return f"'{code}' is no code of SimBench; they look like 1-LV-rural1--0-sw"
    python = interpreter(peers or os.environ.get(PEERS, ""))
    if python is None:
        return (
            "SimBench lives in an environment of its own, since it needs an older pandas: make one "
            f"(`python -m venv peers && peers/bin/pip install simbench`) and name it with --peers or {PEERS}"
        )
    with tempfile.TemporaryDirectory() as scratch:
        command = [str(python), str(EXPORT), code, scratch]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=60 * MINUTES, check=False)
        except (OSError, subprocess.TimeoutExpired) as err:
            return f"the peers environment could not export {code}: {err}"
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            return f"the peers environment could not export {code}: {last}"
        shutil.copytree(scratch, folder / "data")
    text = STUDY.replace("CODE", code).replace("SCHEMA", schema)
    (folder / "study.yaml").write_text(text, encoding="utf-8", newline="\n")
    return ""


def interpreter(peers: str) -> Path | None:
    """The Python of an environment that is named by its folder or by its Python; None if there is none."""
    if not peers:
        return None
    named = Path(peers)
    found = [named, named / "bin" / "python", named / "Scripts" / "python.exe"]
    return next((p.absolute() for p in found if p.is_file()), None)
