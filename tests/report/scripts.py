"""The scripts of the site run by node, without a browser; tests skip where there is no node."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "site/js"
NODE = shutil.which("node")

_FRAME = """
const fs = require("fs"), vm = require("vm");
globalThis.window = globalThis;
globalThis.document = { body: { getAttribute: () => "" } };
const [list, told, body] = process.argv.slice(1);
globalThis.require = require;
for (const path of JSON.parse(list)) vm.runInThisContext(fs.readFileSync(path, "utf8"), { filename: path });
const input = JSON.parse(fs.readFileSync(told, "utf8"));
const work = vm.runInThisContext(`(async (input) => {${body}})`);
work(input).then((out) => console.log(JSON.stringify(out)));
"""


def run(names: list[str], body: str, told: Any, folder: Path) -> Any:
    """What a body of JavaScript returns for `input`, after some scripts of the site were read."""
    if NODE is None:
        pytest.skip("needs node to run the scripts of the site without a browser")
    file = folder / "input.json"
    file.write_text(json.dumps(told), encoding="utf-8")
    paths = json.dumps([str(SCRIPTS / name) for name in ["core.js", *names]])
    command = [NODE, "-e", _FRAME, "--", paths, str(file), body]
    found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert found.returncode == 0, found.stderr
    return json.loads(found.stdout)
