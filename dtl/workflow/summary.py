"""The facts of a run: what was computed, where and when; kept beside the results, since they are part of no answer."""

from __future__ import annotations

import datetime
import platform
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from dtl import layout
from dtl.processes import processor
from dtl.spec.study import Study
from dtl.workflow import digests, fingerprint, gate
from dtl.workflow.questions import published

PACKAGES = ("snakemake", "opendssdirect", "numpy", "pandas", "pyarrow")
"""Modules whose distributions' versions are written down."""


def counts(study: str, run: str) -> dict[str, Any]:
    """How many answers a run computed and fetched, in all and by stage."""
    total: Counter[str] = Counter()
    stages: dict[str, Counter[str]] = {}
    for record in published(study):
        if record["run"] == run:
            for said in record["answers"]:
                total[said["how"]] += 1
                stages.setdefault(record["stage"], Counter())[said["how"]] += 1
    return {
        "computed": total["computed"],
        "fetched": total["fetched"],
        "stages": {s: dict(c) for s, c in stages.items()},
    }


def last(study: str) -> dict[str, Any]:
    """The facts of the last run that reached its end."""
    said = digests.read_json(Path(layout.RUNS.format(study=study)) / "last.json")
    return said if isinstance(said, dict) else {}


SHOWN = ("run", "ended", "git")
"""What pages show of a run; they are handed on, so neither host nor commands nor paths are among it."""


def write(study: Study, facts: dict[str, Any]) -> None:
    """Keep the facts of a run as a file, and beside the built site as a script that its pages may show."""
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    facts |= {
        "study": study.name,
        "spec": study.digest,
        "ended": now,
        "git": _revision(),
        "host": platform.node(),
        "processor": processor(),
    }
    facts |= {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "versions": fingerprint.versions(PACKAGES),
    }
    runs = Path(layout.RUNS.format(study=study.name))
    if "error" not in facts:
        facts["answer"] = _answer(study.name)
        digests.write_atomically(runs / "last.json", digests.pretty(facts))
    digests.write_atomically(runs / f"{facts['run']}.json", digests.pretty(facts))
    www = Path(layout.WWW.format(study=study.name))
    if www.is_dir() and "error" not in facts:
        from dtl.workflow import also  # it loads numpy and pyarrow, which a plan does without

        told = {name: facts[name] for name in SHOWN} | ({"also": there} if (there := also.told(study)) else {})
        script = f"globalThis.DTL = globalThis.DTL || {{}};\nDTL.run = {digests.pretty(told).rstrip()};\n"
        digests.write_atomically(www / layout.RUN_FACTS, script)


def _answer(study: str) -> str:
    cube = Path(layout.CUBE.format(study=study))
    if not cube.is_file():
        return ""
    from dtl.report import facts

    return facts.load(cube).answer()


def _revision() -> str:
    """The revision of the working tree, with a mark if it is edited; empty outside Git."""
    try:
        words = ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip()


def answered(facts: dict[str, Any]) -> str:
    """How many answers were computed and fetched, and how long it took."""
    how = facts.get("answers", {"computed": 0, "fetched": 0})
    return f"{how['computed']} answers computed, {how['fetched']} fetched, {facts.get('seconds', 0):.1f} s"


def lines(study: Study, facts: dict[str, Any]) -> list[str]:
    """Five lines at the end of a run: the answer, the counts, the site, how to open it, how to go on."""
    failed, known = gate.failures(study.name)
    index = f"{layout.WWW.format(study=study.name)}/index.html"
    return [
        facts.get("answer", ""),
        f"{len(known)} feeder{'s' * (len(known) != 1)}, {len(failed)} failed; last run: {answered(facts)}",
        f"site: {Path(index).absolute().as_uri() if sys.stdout.isatty() else index}",
        f"open it: dtl report {study.name} --open",
        f"compare: change studies/{study.name}/study.yaml, then dtl plan {study.name} and dtl run {study.name}",
    ]
