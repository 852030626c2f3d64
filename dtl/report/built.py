"""MkDocs in this process and forked ones, which share the pages: the same bytes as of ``mkdocs build``."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import MkDocsException
from mkdocs.plugins import BasePlugin, event_priority
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

from dtl.errors import DtlError
from dtl.report import beside

SETTINGS = {"SOURCE_DATE_EPOCH": "0", "NO_MKDOCS_2_WARNING": "1"}
"""What MkDocs and the theme read from their environment: times of what is written, and no advertisement."""

MANY = 20
"""Pages from which on it pays to start a process for them."""

SEARCH = ("material/search", "material/offline")
"""The plugins that write the index of the search at the end."""

Told = dict[str, list[dict[str, Any]]]
"""The entries of pages in the index of the search, by the name of their source."""


def pages(source: Path, www: Path) -> None:
    """Build the pages and files of ``source/mkdocs.yml`` into a folder that is not there, or empty.

    Raises
    ------
    DtlError
        MkDocs failed; the text is what it said.
    """
    count = max(1, min(beside.cores(), len(list((source / "docs").rglob("*.md"))) // MANY))
    known = {name: os.environ.get(name) for name in SETTINGS}
    os.environ.update(SETTINGS)
    try:
        helpers = [beside.start(partial(_part, source, www, at, count), "built pages") for at in range(1, count)]
        _part(source, www, 0, count, helpers)
    finally:
        for name, value in known.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _part(source: Path, www: Path, at: int, count: int, helpers: list[beside.Helper] | None = None) -> Told:
    """Build one part of the pages, the first with all that is no page; the entries of its pages."""
    with _heard() as said:
        try:
            config = load_config(str(source / "mkdocs.yml"), site_dir=str(www))
            own = config.plugins["dtl/part"] = Part(at, count, helpers or [])
            config.plugins.on_startup(command="build", dirty=False)
            build(config, dirty=True)  # which only means that the folder is not cleared: others write there
            config.plugins.on_shutdown()
        except MkDocsException as err:
            raise DtlError(f"mkdocs could not build the pages in {source}:\n" + "\n".join([*said, str(err)])) from err
    return own.told


class Part(BasePlugin):  # type: ignore[type-arg, no-untyped-call]
    """What makes MkDocs build its part of the pages only, and the first part wait for the others.

    The parts are as even as the sizes of the pages' sources allow. Which process builds a page decides nothing in it.
    """

    def __init__(self, at: int, count: int, helpers: list[beside.Helper]):
        self.at, self.count, self.helpers = at, count, helpers
        self.told: Told = {}
        self._order: list[str] = []

    def on_nav(self, nav: Navigation, *, config: MkDocsConfig, files: Files) -> None:
        """Leave out the pages of other parts, of the others what is no page, and what the theme would write itself."""
        found = files.documentation_pages()
        self._order = [file.src_uri for file in found]
        mine = {file.src_uri for file in shares(found, self.count)[self.at]}
        for file in found if not self.at else files:
            if file.src_uri not in mine:
                file.inclusion = InclusionLevel.EXCLUDED
        config.theme.static_templates.clear()

    @event_priority(-100)
    def on_page_context(self, context: Any, *, page: Page, config: MkDocsConfig, nav: Navigation) -> None:
        """Note the entries of a page, which the search has just made."""
        entries = config.plugins[SEARCH[0]].search_index.entries  # type: ignore[attr-defined]
        self.told[page.file.src_uri] = entries[sum(map(len, self.told.values())) :]

    @event_priority(100)
    def on_post_build(self, *, config: MkDocsConfig) -> None:
        """Let the first part write the index of all pages in their order, and the others none."""
        for name in SEARCH if self.at else ():
            config.plugins[name].config.enabled = False
        for helper in self.helpers:
            self.told |= helper.result()
        if self.helpers:
            search = config.plugins[SEARCH[0]].search_index  # type: ignore[attr-defined]
            search.entries = [entry for name in self._order for entry in self.told.get(name, ())]


def shares(found: Sequence[File], count: int) -> list[list[File]]:
    """The pages in so many parts: the largest first, each to the part that is the smallest yet."""
    sizes = {file.src_uri: Path(str(file.abs_src_path)).stat().st_size for file in found}
    parts: list[list[File]] = [[] for _ in range(count)]
    filled = [0] * count
    for file in sorted(found, key=lambda f: (-sizes[f.src_uri], f.src_uri)):
        least = filled.index(min(filled))
        parts[least].append(file)
        filled[least] += sizes[file.src_uri]
    return parts


@contextmanager
def _heard() -> Iterator[list[str]]:
    """The errors that MkDocs tells meanwhile; what it tells besides, and warnings of its parts, are not told."""
    said: list[str] = []
    log = logging.getLogger("mkdocs")
    hears = logging.Handler(logging.ERROR)
    hears.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    level, passes = log.level, log.propagate
    log.setLevel(logging.ERROR)
    log.propagate = False
    log.addHandler(hears)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield said
    finally:
        log.removeHandler(hears)
        log.setLevel(level)
        log.propagate = passes
