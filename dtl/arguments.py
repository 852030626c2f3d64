"""The words that every verb of the command line takes."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable

Verb = Callable[[Namespace], int]
NUMBER = "[FEEDER/[ELEMENT/]]METRIC"


def parser(functions: Iterable[Verb]) -> ArgumentParser:
    """The parser of the command line; the first line of a function's docstring describes its verb."""
    by_name = {function.__name__: function for function in functions}
    top = ArgumentParser(prog="dtl", description="Digital Twin Light: studies of distribution grids as text.")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")

    def verb(name: str, *, hidden: bool = False) -> ArgumentParser:
        function = by_name[name]
        text = (function.__doc__ or "").splitlines()[0]
        made = (
            verbs.add_parser(name, description=text) if hidden else verbs.add_parser(name, description=text, help=text)
        )
        made.set_defaults(function=function)
        return made

    def of_study(made: ArgumentParser, nargs: str | None = None) -> ArgumentParser:
        made.add_argument("study", metavar="STUDY", nargs=nargs, help="the name of a folder below studies/")
        return made

    _of_new(verb("new"))
    made = of_study(verb("check"), "*")
    made.add_argument(
        "--lock", action="store_true", help="fetch and pin weather, and pin the raw files in sources.lock.yaml"
    )
    _of_plan(of_study(verb("plan"), "?"))
    _of_run(of_study(verb("run"), "?"))
    _of_diff(verb("diff"))
    _of_why(verb("why"))
    _of_blame(of_study(verb("blame")))
    made = verb("audit")
    made.add_argument("action", choices=["verify", "show"])
    of_study(made).add_argument("--head", default="", metavar="HASH", help="the hash of an entry that must be in it")
    made = of_study(verb("show"))
    made.add_argument("--resolved", action="store_true", help="print the study with all defaults, as JSON")
    made.add_argument("words", nargs="*", metavar="WHAT", help="worst N, the id of a feeder, or the name of an element")
    _of_ask(verb("ask"))
    _of_report(of_study(verb("report")))
    _of_serve(verb("serve"))
    made = of_study(verb("watch"))
    made.add_argument("--once", action="store_true", help="say it once, and end")
    made = of_study(verb("publish"))
    made.add_argument("target", metavar="TARGET", help="duckdb:FILE or postgresql://user@host/name")
    made.add_argument("--schema", help="name of the schema (default: the study's name)")
    _of_plant(of_study(verb("connect")))
    _of_requests(of_study(verb("act")), verb("call"))
    made = of_study(verb("export"))
    made.add_argument("feeder", metavar="FEEDER")
    made.add_argument("--cim", metavar="FILE", required=True, help="as CIM100 RDF/XML, into this file")
    verb("schema")
    _of_store(verb("store"))
    made = of_study(verb("schedule"), "*")
    made.add_argument("--forge", choices=["github", "gitlab"], default="github", help="(default: github)")
    made.add_argument("--due", metavar="CRON", help="print the studies that this line of cron means")
    made = verb("synth")
    made.add_argument("words", nargs="...", metavar="utility|lv ...", help="dtl synth utility --help says more")
    of_study(verb("gate", hidden=True))
    return top


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
    origins = "simbench and a code of its grids, or opendss and a script: its circuit and load shapes"
    made.add_argument("name", metavar="NAME")
    made.add_argument("--template", default="minimal")
    made.add_argument("--from", dest="origin", nargs=2, metavar=("KIND", "WHICH"), help=origins)
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
    how = made.add_mutually_exclusive_group()
    how.add_argument("--prove", action="store_true", help="solve the answer again by OpenDSS alone")
    how.add_argument("--fast", action="store_true", help="estimate by the study's surrogate, without any power flow")
