"""The command line: a table of verbs, each a function that returns an exit code and imports what it needs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

OK, FAILED, CHANGES, INTERRUPTED = 0, 1, 2, 130
"""Exit codes: done; an error or a broken expectation; `plan` found changes; Ctrl-C."""


def new(given: Namespace) -> int:
    """Make a commented study to start from."""
    from dtl.spec import new

    return new.run(given.name, given.template, tuple(given.origin) if given.origin else None, given.peers)


def check(given: Namespace) -> int:
    """Find every mistake of studies at once."""
    from dtl.spec import check

    if given.lock:
        from dtl.sources import open_meteo_fetch

        return max(open_meteo_fetch.run(given.study), check.run(given.study, given.lock))
    return check.run(given.study, given.lock)


def plan(given: Namespace) -> int:
    """Say what would be computed, what may change and what is reused; 2 if anything would run."""
    from dtl.workflow import changed, foresee

    if given.base is not None:
        return changed.show(given.study, given.base, as_json=given.json)
    return foresee.run(_named(given), as_json=given.json, resolve=given.resolve)


def run(given: Namespace) -> int:
    """Compute what is not known yet, and build the site; 1 if the study's expectations are broken."""
    from dtl.workflow import changed, run

    options = run.Options(given.profile, given.feeder, given.fresh, given.cores)
    if given.changed != (given.base is not None):
        from dtl.errors import StoreError

        raise StoreError("run: --changed and --base REF belong together")
    if given.changed:
        return changed.bring(given.study, given.base, options)
    return run.run(_named(given), options)


def diff(given: Namespace) -> int:
    """Say what changed that matters, between revisions, cases or studies; 2 if anything did."""
    from dtl.workflow import diff

    return diff.run(given.before, given.after, given.study, as_md=given.md, as_json=given.json)


def why(given: Namespace) -> int:
    """Follow a result back to its raw files."""
    from dtl.workflow import why

    if given.number is not None:
        return why.number(given.path, given.number, given.case)
    return why.run(given.path)


def blame(given: Namespace) -> int:
    """Say which commits moved a number, and by which words, code or raw files."""
    from dtl.workflow import blame

    return blame.run(given.study, given.number, given.case, given.most, as_json=given.json)


def audit(given: Namespace) -> int:
    """Verify the ledger of what was judged of delivered grids, or show it; 1 if an entry was touched."""
    from dtl.workflow import audit

    return audit.run(given.action, given.study, given.head)


def show(given: Namespace) -> int:
    """Print facts of the results, or the study with all defaults."""
    if given.resolved:
        from dtl.workflow import foresee

        return foresee.resolved(given.study)
    from dtl.report import show

    return show.run(given.study, given.words)


def report(given: Namespace) -> int:
    """Say where the site is, open it, or pack it."""
    from dtl.workflow import site

    site.run(given.study, open_it=given.open, pack=given.zip)
    if not given.pdf:
        return OK
    from dtl.report import printing

    return printing.run(given.study, given.feeder)


def serve(given: Namespace) -> int:
    """Show the sites of all studies to those who log in."""
    from dtl.report.serve import run

    return run.run(given.host, given.port, given.add_user)


def watch(given: Namespace) -> int:
    """Follow the run of a study; 1 if it stopped before its end."""
    from dtl.workflow import watch

    return watch.run(given.study, once=given.once)


def ask(given: Namespace) -> int:
    """Answer a question in plain words; 2 if it is not clear, 3 if the results do not hold it."""
    from dtl.report import asked

    return asked.run(given.words, parse_only=given.parse)


def publish(given: Namespace) -> int:
    """Write the results of a study into a database."""
    from dtl.report.publish import run

    return run.run(given.study, given.target, given.schema)


def connect(given: Namespace) -> int:
    """Say whether a plant can be connected at a bus, with the margin; 2 if it does not fit."""
    from dtl.workflow import connect

    words = (given.bus, given.kw, given.type, given.phases, given.case, given.step, given.prove)
    return connect.run(given.study, *words)


def act(given: Namespace) -> int:
    """Do something in a study: one action more in its overrides/actions.yaml."""
    from dtl.workflow import act

    return act.run(given.study, given.words)


def call(given: Namespace) -> int:
    """Answer a request with a method, a path and a body of JSON, as a simulator behind HTTP would."""
    from dtl.workflow import call

    return call.run(given.words, given.data)


def export(given: Namespace) -> int:
    """Write a feeder of a computed study in another format."""
    from pathlib import Path

    from dtl.sources import cim_write

    return cim_write.export(given.study, given.feeder, Path(given.cim))


def schema(given: Namespace) -> int:
    """Print the JSON Schema of a study."""
    from dtl.spec import schema

    return schema.run()


def store(given: Namespace) -> int:
    """Look after the store of answers."""
    from dtl.workflow import keeping

    return keeping.run(given.what, given.max, given.sample, given.seed)


def schedule(given: Namespace) -> int:
    """Print when CI has to refresh studies, as lines of cron."""
    from dtl.workflow import schedule

    return schedule.run(given.study, given.forge, given.due)


def synth(given: Namespace) -> int:
    """Write a synthetic utility of which every truth is known."""
    from dtl.synth import run

    return run(given.words)


def gate(given: Namespace) -> int:
    """Judge a study's results by its expectations."""
    from dtl.workflow import gate

    return gate.run(given.study)


def _named(given: Namespace) -> str:
    """The study that a verb needs, which may be left out only beside a revision."""
    if given.study is None:
        from dtl.errors import StoreError

        raise StoreError(f"{given.verb}: name the study, or compare all studies with a revision by --base REF")
    return str(given.study)


def _parser() -> ArgumentParser:
    import argparse

    parser = argparse.ArgumentParser(
        prog="dtl", description="Digital Twin Light: studies of distribution grids as text."
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    def verb(function: Callable[[Namespace], int], *, hidden: bool = False) -> ArgumentParser:
        text = (function.__doc__ or "").splitlines()[0]
        name = function.__name__
        made = (
            verbs.add_parser(name, description=text) if hidden else verbs.add_parser(name, description=text, help=text)
        )
        made.set_defaults(function=function)
        return made

    def of_study(made: ArgumentParser, nargs: str | None = None) -> ArgumentParser:
        made.add_argument("study", metavar="STUDY", nargs=nargs, help="the name of a folder below studies/")
        return made

    _of_new(verb(new))
    made = of_study(verb(check), "*")
    made.add_argument(
        "--lock", action="store_true", help="fetch and pin weather, and pin the raw files in sources.lock.yaml"
    )
    _of_plan(of_study(verb(plan), "?"))
    _of_run(of_study(verb(run), "?"))
    _of_diff(verb(diff))
    _of_why(verb(why))
    _of_blame(of_study(verb(blame)))
    made = verb(audit)
    made.add_argument("action", choices=["verify", "show"])
    of_study(made).add_argument("--head", default="", metavar="HASH", help="the hash of an entry that must be in it")
    made = of_study(verb(show))
    made.add_argument("--resolved", action="store_true", help="print the study with all defaults, as JSON")
    made.add_argument("words", nargs="*", metavar="WHAT", help="worst N, the id of a feeder, or the name of an element")
    _of_ask(verb(ask))
    _of_report(of_study(verb(report)))
    _of_serve(verb(serve))
    made = of_study(verb(watch))
    made.add_argument("--once", action="store_true", help="say it once, and end")
    made = of_study(verb(publish))
    made.add_argument("target", metavar="TARGET", help="duckdb:FILE or postgresql://user@host/name")
    made.add_argument("--schema", help="name of the schema (default: the study's name)")
    _of_plant(of_study(verb(connect)))
    _of_requests(of_study(verb(act)), verb(call))
    made = of_study(verb(export))
    made.add_argument("feeder", metavar="FEEDER")
    made.add_argument("--cim", metavar="FILE", required=True, help="as CIM100 RDF/XML, into this file")
    verb(schema)
    _of_store(verb(store))
    made = of_study(verb(schedule), "*")
    made.add_argument("--forge", choices=["github", "gitlab"], default="github", help="(default: github)")
    made.add_argument("--due", metavar="CRON", help="print the studies that this line of cron means")
    made = verb(synth)
    made.add_argument("words", nargs="...", metavar="utility|lv ...", help="dtl synth utility --help says more")
    of_study(verb(gate, hidden=True))
    return parser


def _of_ask(made: ArgumentParser) -> None:
    """The words of `ask`."""
    made.add_argument("--parse", action="store_true", help="print the canonical query alone; needs no study")
    made.add_argument("words", nargs="+", metavar="STUDY QUESTION", help="the study and the question; or the question")


def _of_report(made: ArgumentParser) -> None:
    """The words of `report`."""
    made.add_argument("--open", action="store_true", help="open the site in a browser")
    made.add_argument("--zip", action="store_true", help="pack the site into one file")
    made.add_argument("--pdf", action="store_true", help="print its pages by the Chromium that is there")
    made.add_argument("--feeder", action="append", default=[], metavar="ID", help="print this feeder too; repeatable")


def _of_serve(made: ArgumentParser) -> None:
    """The words of `serve`."""
    made.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine alone)")
    made.add_argument("--port", type=int, default=8080)
    made.add_argument("--add-user", metavar="NAME", help="add a user (the password is asked for, or read), and stop")


def _of_store(made: ArgumentParser) -> None:
    """The words of `store`."""
    made.add_argument("what", choices=["size", "prune", "verify"])
    made.add_argument("--max", default="5GB", help="prune: how much to keep (default: 5GB)")
    made.add_argument("--sample", default="0%", help="verify: compute this share of the published answers again")
    made.add_argument("--seed", default="", help="verify: another text, another sample")


def _of_new(made: ArgumentParser) -> None:
    """The words of `new`."""
    made.add_argument("name", metavar="NAME")
    made.add_argument("--template", default="minimal")
    made.add_argument("--from", dest="origin", nargs=2, metavar=("simbench", "CODE"), help="a grid of a collection")
    made.add_argument("--peers", metavar="PATH", help="the environment that has the collection (or DTL_PEERS)")


def _of_plan(made: ArgumentParser) -> None:
    """The words of `plan`."""
    made.add_argument("--json", action="store_true", help="print the plan as JSON")
    made.add_argument("--resolve", action="store_true", help="read the sources first, so that every feeder is known")
    made.add_argument("--base", metavar="REF", help="say what is touched since a revision; without STUDY of all")


def _of_run(made: ArgumentParser) -> None:
    """The words of `run`."""
    made.add_argument("--profile", default="default", help="a folder below profiles/ (default: default)")
    made.add_argument("--feeder", metavar="ID", help="only this feeder, without the site")
    made.add_argument("--fresh", action="store_true", help="ask the store for every answer again")
    made.add_argument("--changed", action="store_true", help="only what is touched since --base; without STUDY of all")
    made.add_argument("--base", metavar="REF", help="the revision for --changed")
    made.add_argument("--cores", type=int, metavar="N", help="how many jobs at a time (default: as the profile says)")


NUMBER = "[FEEDER/[ELEMENT/]]METRIC"


def _of_why(made: ArgumentParser) -> None:
    """The words of `why`."""
    made.add_argument("path", metavar="PATH", help="a file or folder below results/, or a study")
    made.add_argument("number", metavar=NUMBER, nargs="?", help="a number of the study")
    made.add_argument("--case", default="", help="the case of the number (default: the worst)")


def _of_blame(made: ArgumentParser) -> None:
    """The words of `blame`."""
    made.add_argument("number", metavar=NUMBER)
    made.add_argument("--case", default="", help="the case of the number (default: the worst)")
    made.add_argument("--most", type=int, default=20, metavar="N", help="commits to look at (default: 20)")
    made.add_argument("--json", action="store_true", help="as JSON")


def _of_diff(made: ArgumentParser) -> None:
    """The words of `diff`."""
    made.add_argument("before", metavar="A", help="a revision, a case or scenario, STUDY:CASE, or a study")
    made.add_argument("after", metavar="B", nargs="?", default=".", help="as A; the working tree by default")
    made.add_argument(
        "--study", metavar="STUDY", action="append", default=[], help="only this study, and others named so"
    )
    how = made.add_mutually_exclusive_group()
    how.add_argument("--md", action="store_true", help="as Markdown, for a comment")
    how.add_argument("--json", action="store_true", help="as JSON")


def _of_requests(acts: ArgumentParser, calls: ArgumentParser) -> None:
    """The words of `act` and `call`."""
    acts.add_argument("words", nargs="...", metavar="ACTION --word value", help="as add-device --bus 1 --name car")
    calls.add_argument("words", nargs="+", metavar="[STUDY] METHOD PATH", help="as POST /add_device")
    calls.add_argument("-d", "--data", metavar="JSON", help="the body; @FILE reads it from a file")


def _of_plant(made: ArgumentParser) -> None:
    """The words of `connect`."""
    made.add_argument("--bus", required=True, help="the bus, or FEEDER:BUS")
    made.add_argument("--kw", type=float, required=True, help="power of the plant [kW]")
    made.add_argument("--type", choices=["ev", "load", "pv", "generation"], default="ev", help="(default: ev)")
    made.add_argument("--phases", default="", metavar="ABC", help="its phases (default: all of the bus)")
    made.add_argument("--case", default="", help="the case (default: the last year of base)")
    made.add_argument("--step", type=float, default=1.0, metavar="KW", help="step of the margin (default: 1 kW)")
    made.add_argument("--prove", action="store_true", help="solve the answer again by OpenDSS alone")


def main(words: Sequence[str] | None = None) -> int:
    """Run a verb; its exit code. Foreseen errors are printed without a traceback."""
    words = sys.argv[1:] if words is None else list(words)
    if words[:1] == ["job"]:
        from dtl.workflow import client

        return client.ask(list(words[1:]))
    from dtl.errors import DtlError
    from dtl.workflow import disk

    given = _parser().parse_args(words)
    try:
        with disk.explained(f"dtl {given.verb}"):
            return int(given.function(given))
    except DtlError as err:
        print(err, file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
