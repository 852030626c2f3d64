"""Who may import whom: layers look down only, and what the Snakefile imports is light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

DOWN = ["report", "learning", "analyses", "powerflow", "scenarios", "demand", "network", "sources"]
"""The layers of stages; each may import those to its right."""

BASE = {"errors", "units"}
BELOW = BASE | {"plural", "processes", "spec", "layout", "tables"}
MODEL = {"network.feeder", "network.catalog", "network.clock"}
"""The classes of the network model: `sources` makes them, so it may know them."""

REPORTING = ("workflow.summary", "workflow.diff", "workflow.also", "workflow.blame", "workflow.why")
MAY_ALSO = {name: {"report"} for name in REPORTING}
"""What quotes the answer, or compares two results, asks the cube of facts."""


def modules() -> dict[str, Path]:
    found = {}
    for path in sorted((ROOT / "dtl").rglob("*.py")):
        dotted = ".".join(path.relative_to(ROOT / "dtl").with_suffix("").parts)
        found[dotted.removesuffix(".__init__")] = path
    return found


def imported(path: Path) -> set[str]:
    """The dotted names below dtl that a file imports, at any depth of its code."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}.{a.name}" for a in node.names} | {node.module or ""}
    return {n.removeprefix("dtl.") for n in names if n.startswith("dtl.")}


def allowed(module: str, target: str) -> bool:
    top, to = module.split(".")[0], target.split(".")[0]
    if top == to:
        return True
    if top in ("cli", "__main__"):
        return True
    if top == "synth":
        return to in BASE
    if top == "workflow":
        return to in BELOW or any(target == m or target.startswith(m + ".") for m in MAY_ALSO.get(module, ()))
    if top in DOWN:
        if any(target == m or target.startswith(m + ".") for m in MODEL):
            return True
        return to in BELOW or (to in DOWN and DOWN.index(to) > DOWN.index(top))
    return {
        "errors": False,
        "plural": False,
        "processes": False,
        "units": False,
        "layout": False,
        "arguments": False,
        "tables": to == "errors",
        "spec": to in BASE,
    }[top]


def at_import(path: Path) -> set[str]:
    """The dotted names below dtl that a file imports when it is imported itself."""
    body = [n for n in ast.parse(path.read_text()).body if isinstance(n, ast.Import | ast.ImportFrom)]
    names = set()
    for node in body:
        if isinstance(node, ast.Import):
            names |= {a.name for a in node.names}
        else:
            names |= {f"{node.module}.{a.name}" for a in node.names} | {node.module or ""}
    return {n.removeprefix("dtl.") for n in names if n.startswith("dtl.")}


def test_no_module_imports_itself_by_detours() -> None:
    known = modules()
    graph = {m: sorted(at_import(p) & (set(known) - {m})) for m, p in known.items()}
    done: set[str] = set()

    def visit(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, " -> ".join((*way[way.index(module) :], module))
        if module not in done:
            for target in graph[module]:
                visit(target, (*way, module))
            done.add(module)

    for module in graph:
        visit(module, ())


def test_layers_look_down_only() -> None:
    known = modules()
    wrong = []
    for module, path in known.items():
        for target in sorted(imported(path)):
            if not any(target == k or target.startswith(k + ".") or k.startswith(target) for k in known):
                wrong.append(f"{module} imports {target}, which does not exist")
            elif not allowed(module, target):
                wrong.append(f"{module} must not import {target}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("module", ["dtl.workflow.plan", "dtl.workflow.stages", "dtl.spec.study", "dtl.layout"])
def test_what_the_snakefile_imports_is_light(module: str) -> None:
    code = f"import sys, {module}; print(*sorted(set(m.split('.')[0] for m in sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"numpy", "pandas", "pyarrow", "scipy", "networkx", "opendssdirect", "dss", "snakemake", "jinja2", "mkdocs"}
    assert heavy.isdisjoint(loaded), heavy & set(loaded)


def test_the_snakefile_imports_only_the_light_border() -> None:
    lines = [
        line.strip()
        for name in ("Snakefile", *(str(p.relative_to(ROOT)) for p in sorted((ROOT / "rules").glob("*.smk"))))
        for line in (ROOT / name).read_text().splitlines()
        if line.strip().startswith(("import ", "from "))
    ]
    foreign = [x for x in lines if not x.startswith(("from dtl.workflow", "from dtl import layout", "from dtl.errors"))]
    assert lines and not foreign, foreign
