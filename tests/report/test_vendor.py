"""The bundle of the map's libraries: its lock, what it weighs, and sites without it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from dtl.errors import DtlError
from dtl.report import vendor


def test_the_lock_has_hashes_and_no_addresses() -> None:
    text = (vendor.RECIPE / "package-lock.json").read_text()
    packages = {name: told for name, told in json.loads(text)["packages"].items() if name}
    assert all(told["integrity"].startswith("sha512-") for told in packages.values())
    assert "://" not in text + (vendor.RECIPE / "node.lock").read_text()
    wanted = json.loads((vendor.RECIPE / "package.json").read_text())
    for name, version in (wanted["dependencies"] | wanted["devDependencies"]).items():
        assert re.fullmatch(r"[\d.]+", version) and packages[f"node_modules/{name}"]["version"] == version


def bundle(folder: Path, recipe: str) -> Path:
    folder.mkdir()
    (folder / "map.js").write_text("0")
    told = {"files": {}, "packages": [{"name": "maplibre-gl", "version": "6.0.0"}], "recipe": recipe}
    (folder / "bundle.json").write_text(json.dumps(told))
    return folder


def test_a_bundle_of_another_recipe_counts_as_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    vendor.install(scripts, bundle(tmp_path / "old", "of yesterday"))
    assert (scripts / "vendor.js").read_text() == "DTL.vendor = null;\n" and not (scripts / "vendor").exists()
    vendor.install(scripts, bundle(tmp_path / "new", vendor.recipe()))
    assert (scripts / "vendor.js").read_text() == 'DTL.vendor = {"maplibre-gl": "6.0.0"};\n'
    assert (scripts / "vendor" / "map.js").is_file()
    assert vendor.main(["--check", "--out", str(tmp_path / "old")]) == 1
    assert "python -m dtl.report.vendor builds it" in capsys.readouterr().out


def test_what_a_program_says_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho no such host >&2\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setattr(vendor, "programs", lambda work: (str(npm), [str(npm)]))
    with pytest.raises(DtlError, match=r"(?s)the map without them stays.*no such host"):
        vendor.build(tmp_path / "out")
    assert vendor.main(["--out", str(tmp_path / "out")]) == 1
    assert "no such host" in capsys.readouterr().err and not (tmp_path / "out").exists()
