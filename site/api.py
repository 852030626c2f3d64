"""What mkdocs does for the documentation (``hooks`` in ``site/docs.yml``): navigation, and reference of the package.

The code is read, never imported: signatures and docstrings of public classes and functions come from its syntax tree.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parents[1] / "dtl"
Code = ast.ClassDef | ast.FunctionDef
GUIDE: dict[str, list[str]] = {
    "Start": ["index", "tutorial", "practice"],
    "Study": ["language", "nomenclature", "sources/", "reconcile", "scenarios/"],
    "Answers": ["analyses/", "hosting", "learning", "learning/", "ask", "metrics"],
    "Method": ["method", "engine", "decisions"],
    "Work": ["operations", "publish", "public", "errors"],
    "Code": ["api/"],
}
"""The order of the guide; a folder stands for its pages, the index first; what nothing names ends ``Work``."""


def on_config(config: Any) -> Any:
    """Make the navigation from the pages that are there; mkdocs calls this."""
    config["nav"] = menu(Path(config["docs_dir"]))
    return config


def menu(docs: Path) -> list[dict[str, list[Any]]]:
    """The navigation, in which every page of the folder stands once."""
    there = [p.relative_to(docs).with_suffix("").as_posix() for p in sorted(docs.rglob("*.md"))]
    there += [f"api/{name}" for name in pages()]
    named = {n for names in GUIDE.values() for n in names}
    rest = [n for n in there if n not in named and f"{n.split('/')[0]}/" not in named]
    made = []
    for title, names in (GUIDE | {"Work": GUIDE["Work"] + rest}).items():
        inside: list[Any] = []
        for name in names:
            own = sorted((n for n in there if n.startswith(name)), key=lambda n: (not n.endswith("/index"), n))
            folder = [f"{n}.md" for n in own] if name.endswith("/") else []
            if folder and len(names) > 1:
                inside.append({name.strip("/").capitalize(): folder})
            else:
                inside += folder or ([f"{name}.md"] if name in there else [])
        made.append({title: inside})
    return made


def on_files(files: Any, config: Any) -> Any:
    """Add the pages to those of the folder; mkdocs calls this."""
    from mkdocs.structure.files import File

    for name, text in pages().items():
        files.append(File.generated(config, f"api/{name}.md", content=text))
    return files


def pages(package: Path = PACKAGE) -> dict[str, str]:
    """The text of each page: ``index`` with the folders and their modules, and one page for each folder."""
    found, rows = {}, []
    for folder in sorted({p.parent for p in package.rglob("*.py")}):
        name = ".".join(folder.relative_to(package.parent).parts)
        modules = [m for m in (_module(p, package) for p in sorted(folder.glob("*.py"))) if m]
        found[name] = f"# `{name}`\n\n" + "\n".join(text for _, _, text in modules)
        rows += [f"| [`{module}`]({name}.md#{_anchor(module)}) | {first} |" for module, first, _ in modules]
    head = "# The package\n\nEvery module with the first sentence of what it says of itself; made from the code.\n\n"
    return {"index": head + "| Module | What it is |\n|---|---|\n" + "\n".join(rows) + "\n", **found}


def _module(path: Path, package: Path) -> tuple[str, str, str] | None:
    """Name, first sentence and Markdown of a module; none where it says nothing."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    text = ast.get_docstring(tree)
    if not text:
        return None
    parts = path.relative_to(package.parent).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    made = [f"## `{name}` {{: #{_anchor(name)} }}", "", prose(text), ""]
    for node in tree.body:
        if isinstance(node, Code) and not node.name.startswith("_"):
            made += [f"### `{node.name}` {{: #{_anchor(name)}-{node.name} }}", "", *_code(node)]
    return name, prose(text).split("\n")[0].replace("|", "\\|"), "\n".join(made)


def _anchor(name: str) -> str:
    return name.replace(".", "-").replace("_", "-")


def _code(node: Code) -> Iterator[str]:
    """Signature and text of a class or function, then the public methods and fields of a class."""
    yield f"```python\n{signature(node)}\n```\n"
    yield prose(ast.get_docstring(node) or "") + "\n"
    if isinstance(node, ast.ClassDef):
        for name, kind, text in _fields(node):
            yield f"- `{name}`: `{kind}`" + (f". {text}" if text else "")
        yield ""
        for method in node.body:
            if isinstance(method, ast.FunctionDef) and not method.name.startswith("_"):
                first = (ast.get_docstring(method) or "").split("\n")[0]
                yield f"- `{signature(method).removeprefix('def ')}`" + (f": {prose(first)}" if first else "")
        yield ""


def _fields(node: ast.ClassDef) -> Iterator[tuple[str, str, str]]:
    """Name, type and text of each public field; its text is the string that follows it."""
    for field, after in zip(node.body, [*node.body[1:], None], strict=True):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and field.target.id[0] != "_":
            told = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) and after.value.value
            text = inspect.cleandoc(told) if isinstance(told, str) else ""
            yield field.target.id, ast.unparse(field.annotation).replace("`", ""), prose(text).replace("\n", " ")


def signature(node: Code) -> str:
    """The head of a class or function as it is written, on one line or with a line for each argument."""
    if isinstance(node, ast.ClassDef):
        return f"class {node.name}({', '.join(ast.unparse(b) for b in node.bases)})".replace("()", "")
    bare = ast.FunctionDef(
        name=node.name, args=node.args, body=[ast.Expr(ast.Constant(...))], decorator_list=[], returns=node.returns,
        type_params=[],
    )  # fmt: skip
    return ast.unparse(ast.fix_missing_locations(bare)).removesuffix(":\n    ...")


def prose(text: str) -> str:
    """A docstring as Markdown: literals in one backtick, and its underlined sections as lists."""
    text = re.sub(r"``(.+?)``", r"`\1`", text, flags=re.S)
    parts = re.split(r"^(\w[\w ]*)\n-{3,}\n", text, flags=re.M)
    made = [_indented(parts[0]).strip()]
    for title, body in zip(parts[1::2], parts[2::2], strict=True):
        entries = re.findall(r"^(\S[^\n]*)\n((?:[ ]+[^\n]*\n?|\n(?=[ ]))+)", body + "\n", flags=re.M)
        made += ["", f"**{title}**", ""]
        made += [f"- `{name.strip('`')}`: {' '.join(told.split())}" for name, told in entries] or [_indented(body)]
    return "\n".join(made).strip()


def _indented(text: str) -> str:
    """Text with a blank line before each list and each indented block, as Markdown wants it."""
    return (
        re.sub(r"(?<=\S)\n(?=( {4}\S|- \S))(?<!\n\n)", "\n\n", text).strip()
        if re.search(r"\n( {4}|- )", text)
        else text
    )
