"""The page of operations names every verb with the words that it takes."""

from __future__ import annotations

import argparse
import re

import yaml
from tinystudy import ROOT

from dtl import arguments, cli
from dtl.spec.report import Budget, Refresh

PAGE = (ROOT / "site/docs/operations.md").read_text()


def test_every_verb_has_its_line() -> None:
    (verbs,) = (a for a in arguments.parser(cli.VERBS)._actions if isinstance(a, argparse._SubParsersAction))
    rows = dict(re.findall(r"^\| `dtl (\w+)` \| (.*?) \| 0 ", PAGE, flags=re.M))
    visible = {choice.dest for choice in verbs._choices_actions}
    assert set(rows) == visible
    for name in visible:
        words = {o for a in verbs.choices[name]._actions for o in a.option_strings if o.startswith("--")} - {"--help"}
        assert set(re.findall(r"--[a-z][a-z-]*", rows[name])) == words, name


def test_the_examples_are_words_of_the_language() -> None:
    said = [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.S)]
    for each in said:
        for word, value in each.items():
            {"budget": Budget, "refresh": Refresh}[word].model_validate(value)
    assert len(said) == 2
