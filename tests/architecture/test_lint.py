"""The tools that read the code agree with it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


def run(*words: str) -> None:
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout[-6000:]}\n{done.stderr[-3000:]}"


def test_ruff() -> None:
    run(str(BIN / "ruff"), "check", "--no-cache", ".")


def test_ruff_format() -> None:
    run(str(BIN / "ruff"), "format", "--no-cache", "--check", ".")


def test_mypy() -> None:
    run(sys.executable, "-m", "mypy", "--cache-dir", "/dev/null" if sys.platform != "win32" else "nul")


def test_snakefmt() -> None:
    run(str(BIN / "snakefmt"), "--check", "Snakefile", "rules")


@pytest.mark.workflow
def test_snakemake_lint() -> None:
    run(str(BIN / "snakemake"), "--lint", "--snakefile", "Snakefile", "--config", "study=demo")


def tracked() -> list[Path]:
    if not shutil.which("git") or not (ROOT / ".git").exists():
        pytest.skip("needs git and a clone: the list of tracked files comes from it")
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / n for n in names.split("\0") if n]


def test_nothing_names_a_host_of_packages_or_a_machine() -> None:
    marks = [
        "py" + "pi.org",
        "python" + "hosted",
        "registry." + "npmjs",
        "deb." + "debian",
        "/ho" + "me/",
        "/ro" + "ot/",
    ]
    found = []
    for path in tracked():
        if path.suffix in {".png", ".parquet"}:
            continue
        for i, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            found += [f"{path.relative_to(ROOT)}:{i}: {m}" for m in marks if m in line]
    assert not found, "\n".join(found)


def test_locks_hold_hashes_and_no_addresses() -> None:
    for name in ("dtl.lock", "test.lock"):
        text = (ROOT / "envs" / name).read_text()
        assert "://" not in text
        pins = [line for line in text.splitlines() if "==" in line and not line.lstrip().startswith("#")]
        assert len(pins) > 50
        assert text.count("--hash=sha256:") >= len(pins)


def test_everything_declared_is_used() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    source = "".join(p.read_text() for p in (ROOT / "dtl").rglob("*.py"))
    source += (ROOT / "site" / "mkdocs.yml.j2").read_text()
    modules = {"opendssdirect.py": "opendssdirect", "pyyaml": "yaml", "mkdocs-material": "material"}
    unused = []
    for requirement in project["dependencies"]:
        name = requirement.split(">")[0].split("<")[0].split("=")[0].strip()
        if modules.get(name, name) not in source:
            unused.append(name)
    assert not unused, unused
