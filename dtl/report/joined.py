"""The scripts and styles of a page, each in one file: a browser takes longer to open a file than to read it."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

KINDS = {
    "js": ('<script src="{}"></script>', r"assets/dtl/[\w.-]+\.js"),
    "css": ('<link rel="stylesheet" href="{}">', r"assets/[\w./-]+\.css"),
}
"""How a page asks for a file of a kind, by the ending of its name; which files of the site are joined."""

FOLDER = "assets/dtl"


def join(page: str, www: Path) -> str:
    """`page`, a page in the folder `www`, where files of a kind that follow each other are one; writes the new files.

    A joined file is named by its content, so that pages with the same files share it.
    """
    for ending, (asked, names) in KINDS.items():
        one = re.escape(asked).replace(re.escape("{}"), f"({names})") + r"\n?"
        run = re.compile(rf"(?:{one}){{2,}}")

        def joined(found: re.Match[str], ending: str = ending, asked: str = asked, one: str = one) -> str:
            text = "\n".join((www / name).read_text(encoding="utf-8") for name in re.findall(one, found[0]))
            name = f"{FOLDER}/joined-{hashlib.sha256(text.encode()).hexdigest()[:12]}.{ending}"
            (www / name).write_text(text, encoding="utf-8")
            return asked.format(name) + "\n"

        page = run.sub(joined, page)
    return page
