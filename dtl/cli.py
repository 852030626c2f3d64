"""The command line: a table of verbs, each a function that returns an exit code and imports what it needs."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from argparse import Namespace

OK, FAILED, CHANGES, INTERRUPTED, UNREAD = 0, 1, 2, 130, 141
"""Exit codes: done; an error or a broken expectation; `plan` found changes; Ctrl-C; who read the output is gone."""


def new(given: Namespace) -> int:
    """Make a commented study to start from."""
    from dtl.spec import from_simbench, new

    def opendss(*words: Any) -> str:
        from dtl.sources import new_opendss

        return new_opendss.make(*words)

    makers = {"simbench": from_simbench.make, "opendss": opendss}
    return new.run(given.name, given.template, tuple(given.origin) if given.origin else None, given.peers, makers)


def check(given: Namespace) -> int:
    """Find every mistake of studies at once."""
    from dtl.spec import check
    from dtl.workflow import named

    if given.lock:
        from dtl.sources import open_meteo_fetch

        return max(open_meteo_fetch.run(given.study), check.run(given.study, given.lock, named.check))
    return check.run(given.study, given.lock, named.check)


def plan(given: Namespace) -> int:
    """Say what would be computed, what may change and what is reused; 2 if anything would run."""
    from dtl.workflow import foresee

    if given.base is not None:
        from dtl.workflow import changed

        return changed.show(given.study, given.base, as_json=given.json)
    return foresee.run(_named(given), as_json=given.json, fully=given.resolve)


def run(given: Namespace) -> int:
    """Compute what is not known yet, and build the site; 1 if the study's expectations are broken."""
    from dtl.workflow import run

    options = run.Options(given.profile, given.feeder, given.fresh, given.cores)
    if given.changed != (given.base is not None):
        from dtl.errors import StoreError

        raise StoreError("run: --changed and --base REF belong together")
    if given.changed:
        from dtl.workflow import changed

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
    from dtl.workflow import connect, fast

    if given.fast:
        return fast.run(given.study, given.bus, given.kw, given.type, given.phases, given.case)
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


VERBS = (
    new,
    check,
    plan,
    run,
    diff,
    why,
    blame,
    audit,
    show,
    ask,
    report,
    serve,
    watch,
    publish,
    connect,
    act,
    call,
    export,
    schema,
    store,
    schedule,
    synth,
    gate,
)


def main(words: Sequence[str] | None = None) -> int:
    """Run a verb; its exit code. Foreseen errors are printed without a traceback."""
    words = sys.argv[1:] if words is None else list(words)
    if words[:1] == ["job"]:
        from dtl.workflow import client

        return client.ask(list(words[1:]))
    from dtl import arguments
    from dtl.errors import DtlError
    from dtl.workflow import disk

    _speak_any_letter()
    given = arguments.parser(VERBS).parse_args(words)
    try:
        with disk.explained(f"dtl {given.verb}"):
            code = int(given.function(given))
            sys.stdout.flush()
            return code
    except DtlError as err:
        print(err, file=sys.stderr)
        return FAILED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNREAD
    except KeyboardInterrupt:
        return INTERRUPTED


def _speak_any_letter() -> None:
    """What is read by a program is UTF-8, under any locale; a terminal that lacks a letter shows its number instead."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")


if __name__ == "__main__":
    sys.exit(main())
