"""The page of operations names every verb with the words that it takes."""

from __future__ import annotations

import argparse
import re

from tinystudy import ROOT

from dtl import arguments, cli

PAGE = (ROOT / "site/docs/operations.md").read_text()


def test_every_verb_has_its_line() -> None:
    (verbs,) = (a for a in arguments.parser(cli.VERBS)._actions if isinstance(a, argparse._SubParsersAction))
    rows = dict(re.findall(r"^\| `dtl (\w+)` \| (.*?) \| 0 ", PAGE, flags=re.M))
    visible = {choice.dest for choice in verbs._choices_actions}
    assert set(rows) == visible
    for name in visible:
        words = {o for a in verbs.choices[name]._actions for o in a.option_strings if o.startswith("--")} - {"--help"}
        assert set(re.findall(r"--[a-z][a-z-]*", rows[name])) == words, name
