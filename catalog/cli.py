"""The command `saddlery`. Commands import what they need when they run, so that `--help` is instant."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from catalog.cli_checks import Database, certify, export_app, follow, identify, verify

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog.build import Job

app = typer.Typer(
    name="saddlery",
    help="An exact catalog of the critical points of shallow ReLU networks.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

INTERRUPTED = 130
INTERRUPTION = "interrupted; what was solved is kept: repeat the command to go on"


def _version(wanted: bool) -> None:
    if wanted:
        from catalog import __version__

        typer.echo(f"saddlery {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """An exact catalog of the critical points of shallow ReLU networks."""


@app.command()
def build(
    files: Annotated[list[str] | None, typer.Argument(metavar="FILE", help="Problem files (TOML).")] = None,
    width: Annotated[int | None, typer.Option(help="Survey widths 1..N instead of the file's own.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes; default: all processors.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 if anything stayed undecided.")] = False,
    budget: Annotated[float | None, typer.Option(help="Seconds allowed for one system; default: no limit.")] = None,
    patterns: Annotated[
        int | None, typer.Option("--patterns-budget", metavar="N", help="Activation patterns allowed for a data set.")
    ] = None,
    transitions: Annotated[
        int | None, typer.Option(metavar="W", help="Then follow the flow out of the saddles of widths 1..W.")
    ] = None,
    vary: Annotated[
        str | None,
        typer.Option(metavar="targets[K]=P..Q", help="Instead sweep this target of a data set through an interval."),
    ] = None,
    db: Database = None,
) -> None:
    """Survey problems into the database (no FILE: the bundled ones). Interrupt and repeat to go on."""
    from catalog.build import build as build_catalog
    from catalog.build import bundled_jobs, jobs_of
    from catalog.errors import CatalogError
    from catalog.progress import progress_bar
    from catalog.tables import plain_table
    from catalog.workers import default_workers
    from symbolic.errors import Undecided

    if workers is not None and not 1 <= workers <= 256:
        raise CatalogError(f"--workers must be between 1 and 256, not {workers}")
    if budget is not None and not 0 < budget < float("inf"):
        raise CatalogError(f"--budget must be a positive number of seconds, not {budget}")
    if patterns is not None and patterns < 1:
        raise CatalogError(f"--patterns-budget must be a positive integer, not {patterns}")
    if transitions is not None and (transitions < 0 or vary is not None):
        words = "does not apply to --vary" if transitions >= 0 else f"must not be negative, but is {transitions}"
        raise CatalogError(f"--transitions {words}")
    if vary is not None:
        _sweep(files or [], vary, width, db, patterns, strict)
        return
    jobs, left_out = (jobs_of(files, width), []) if files else bundled_jobs(width)
    for line in left_out:
        typer.echo(f"saddlery: {line}", err=True)
    options: dict[str, Any] = {"workers": workers or default_workers(), "budget": budget, "patterns": patterns}
    with progress_bar() as report:
        rows = build_catalog(jobs, db, report=report, **options)
    for job in jobs:
        for note in job.notes:
            typer.echo(f"saddlery: note on {job.problem.name}: {note}", err=True)
    header = ["problem", "width", "regions", "critical functions", "completeness", "strata", "seconds"]
    lines = [
        [
            row["problem"],
            str(row["width"]),
            str(row["regions"]),
            str(row["functions"]),
            row["status"],
            str(row["strata"]["strata"]),
            f"{row['seconds'] + row['strata']['seconds']:.2f}",
        ]
        for row in rows
    ]
    typer.echo(plain_table(header, lines))
    # The strata over a list that is undecided are undecided too, for the same reason.
    doubtful = [row if row["status"] == "undecided" else row["strata"] for row in rows]
    doubtful = [row for row in doubtful if row["status"] == "undecided"]
    for row in doubtful:
        typer.echo(f"saddlery: {row['problem']} at width {row['width']} is undecided: {row['reason']}", err=True)
    doubts = list(dict.fromkeys(doubt for row in rows for doubt in row["doubts"]))
    for doubt in doubts:
        typer.echo(f"saddlery: {doubt}", err=True)
    lost = _follow(jobs, db, transitions, options["workers"]) if transitions else 0
    if doubtful and strict:
        raise Undecided(f"{len(doubtful)} of {len(rows)} surveys stayed undecided")
    if doubts and strict:
        raise Undecided(f"{len(doubts)} families stayed undecided")
    if lost and strict:
        raise Undecided(f"{lost} transitions did not end in a known stratum")


def _follow(jobs: Sequence[Job], db: str | None, width: int, workers: int) -> int:
    """The transitions of `build --transitions`: what was found, and how many runs did not end in a stratum."""
    from catalog.progress import progress_bar
    from catalog.tables import plain_table
    from catalog.transitions import build_transitions, refusal, unidentified_line

    for job in jobs:
        reason = refusal(job.problem)
        if reason:
            typer.echo(f"saddlery: note on {job.problem.name}: {reason}", err=True)
    with progress_bar("transitions") as report:
        rows = build_transitions(jobs, db, width, workers=workers, report=report)
    if not rows:
        return 0
    names = ("sources", "runless", "transitions")
    lines = [
        [row["problem"], *(str(row[name]) for name in ("width", *names)), str(len(row["unidentified"])),
         f"{row['seconds']:.2f}"]
        for row in rows
    ]
    header = ["problem", "width", "saddles", "without a run", "transitions", "not identified", "seconds"]
    typer.echo("\n" + plain_table(header, lines))
    lost = 0
    for row in rows:
        if row["status"] == "proved":
            lost += len(row["unidentified"])
            for record in row["unidentified"]:
                typer.echo(f"saddlery: {unidentified_line(record)}", err=True)
        elif row["unidentified"]:
            where = f"{len(row['unidentified'])} transitions of {row['problem']} at width {row['width']}"
            words = f"whose list is {row['status']}: `saddlery query transitions` has their causes"
            typer.echo(f"saddlery: {where} end outside the list of strata, {words}", err=True)
    return lost


def _sweep(
    files: list[str], vary: str, width: int | None, db: str | None, patterns: int | None, strict: bool
) -> None:
    """The sweep of `build --vary`: what was found, in full."""
    from catalog.progress import progress_bar
    from catalog.sweeps import build_sweeps, sweeps_text
    from symbolic.errors import Undecided

    with progress_bar() as report:
        rows = build_sweeps(files, vary, width, db, patterns=patterns, report=report)
    typer.echo(sweeps_text(rows))
    doubtful = [row for row in rows if row["status"] != "proved"]
    for row in doubtful:
        typer.echo(f"saddlery: {row['label']} is undecided: {row['reason']}", err=True)
    if doubtful and strict:
        raise Undecided(f"{len(doubtful)} of {len(rows)} sweeps stayed undecided")


@app.command()
def query(
    entity: Annotated[
        str,
        typer.Argument(metavar="ENTITY", help="problems, regions, functions, strata, sweeps, transitions or branches."),
    ],
    problem: Annotated[str | None, typer.Option(help="A name in the database, or a path ending in .toml.")] = None,
    width: Annotated[int | None, typer.Option(help="Default: the largest one surveyed of each problem.")] = None,
    kind: Annotated[
        str | None, typer.Option(help="Strata of this kind; functions with such a stratum; hessian, escape or descent.")
    ] = None,
    index: Annotated[int | None, typer.Option(help="Strata of this index; functions with such a stratum.")] = None,
    max_loss: Annotated[str | None, typer.Option(metavar="Q", help="Loss at most this rational, exactly.")] = None,
    notion: Annotated[str | None, typer.Option(help="clarke: also what is stationary only in that sense.")] = None,
    where: Annotated[str | None, typer.Option(metavar="SQL", help="A filter expression over the columns.")] = None,
    form: Annotated[str, typer.Option("--format", help="table, json, csv or latex.")] = "table",
    db: Database = None,
) -> None:
    """Answer a question, with what is proved about the completeness of the answer."""
    from catalog.answer import describe
    from catalog.errors import CatalogError
    from catalog.query import open_catalog
    from catalog.tables import csv_text, plain_table, short_columns

    if form not in ("table", "json", "csv", "latex"):
        raise CatalogError(f"unknown format {form!r}; choose from table, json, csv, latex")
    filters: dict[str, Any] = {
        "problem": problem,
        "width": width,
        "kind": kind,
        "index": index,
        "max_loss": max_loss,
        "notion": notion,
        "where": where,
    }
    with open_catalog(db) as opened:
        answer = opened.query(entity, **filters)
    if form == "json":
        from catalog.tables import json_text

        typer.echo(json_text(answer))
    elif form == "csv":
        typer.echo(csv_text(entity, answer, answer.families), nl=False)
        typer.echo(f"saddlery: {describe(answer.complete)}", err=True)
    elif form == "latex":
        typer.echo(answer.to_latex())
    else:
        typer.echo(plain_table(*short_columns(entity, answer, answer.families)))
        typer.echo(f"\n{len(answer)} {entity}; {describe(answer.complete)}")


@app.command()
def show(
    label: Annotated[str, typer.Argument(metavar="LABEL")],
    plot: Annotated[
        str | None, typer.Option(metavar="FILE", help="Also draw it: .png, .pdf or .svg (extra `plots`).")
    ] = None,
    db: Database = None,
) -> None:
    """One record in full."""
    from catalog.answer import describe
    from catalog.query import open_catalog
    from catalog.tables import full_record, plain_table, summary_columns

    def in_full(entity: str, row: dict[str, Any]) -> str:
        if entity != "sweeps":
            return full_record(row)
        from catalog.dataset.sweep_text import sweep_text

        return sweep_text(row)

    with open_catalog(db) as opened:
        entity, row, complete = opened.record(label)
        width, summary = opened.strata_summary(label) if entity == "functions" else (0, [])
        if plot is not None:
            from catalog.function_plot import write_plot

            write_plot(opened, label, plot)
    typer.echo(in_full(entity, row))
    if summary:
        typer.echo(f"\nStrata over it at width {width}:\n")
        typer.echo(plain_table(*summary_columns(summary)))
    typer.echo(f"\nThe list it belongs to is {describe(complete)}")


@app.command()
def latex(
    names: Annotated[list[str], typer.Argument(metavar="PROBLEM-or-LABELS...", help="A problem, or labels.")],
    what: Annotated[
        str, typer.Option(help="For a problem: functions, strata, regions, transitions, branches or classification.")
    ] = "functions",
    width: Annotated[int | None, typer.Option(help="Default: the largest one surveyed.")] = None,
    out: Annotated[str | None, typer.Option("-o", metavar="OUT.tex", help="Default: standard output.")] = None,
    standalone: Annotated[bool, typer.Option("--standalone", help="A document that compiles by itself.")] = False,
    db: Database = None,
) -> None:
    """LaTeX tables with exact cells."""
    from catalog.output_file import write_file
    from catalog.query import open_catalog
    from catalog.typesetting import typeset

    with open_catalog(db) as opened:
        text = typeset(opened, names, what, width, standalone=standalone)
    if out is None:
        typer.echo(text)
    else:
        write_file(out, text + "\n")


@app.command()
def chain(
    problem: Annotated[str, typer.Argument(metavar="PROBLEM", help="A data set: a name, or a path ending in .toml.")],
    patterns: Annotated[
        str | None, typer.Option(metavar="FILE", help="Initial neurons, JSON or TOML; default: a wide network.")
    ] = None,
    form: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
    plot: Annotated[
        str | None, typer.Option(metavar="FILE", help="Also draw the loss: .png, .pdf or .svg (extra `plots`).")
    ] = None,
    budget: Annotated[
        int | None, typer.Option("--patterns-budget", metavar="N", help="Activation patterns allowed.")
    ] = None,
    db: Database = None,
) -> None:
    """The saddle-to-saddle chain of a data set from small initialization."""
    from catalog.chain import chain_text

    typer.echo(chain_text(problem, patterns, form, db, plot=plot, patterns_budget=budget))


@app.command()
def graph(
    problem: Annotated[str, typer.Argument(metavar="PROBLEM", help="A name, or a path ending in .toml.")],
    form: Annotated[str, typer.Option("--format", help="graphml, dot, json, tikz or svg.")] = "json",
    width: Annotated[int | None, typer.Option(help="Widths up to this one; default: all surveyed.")] = None,
    tree: Annotated[bool, typer.Option("--tree", help="The disconnectivity tree of one width.")] = False,
    level: Annotated[str | None, typer.Option(help="Nodes: strata or functions.")] = None,
    db: Database = None,
) -> None:
    """The strata of a problem and the edges between them: symmetries, embeddings, closures, transitions."""
    from catalog.graph_formats import graph_text
    from catalog.query import open_catalog

    with open_catalog(db) as opened:
        text = graph_text(opened, problem, form, width=width, tree=tree, level=level)
    typer.echo(text)


@app.command()
def release(
    names: Annotated[list[str] | None, typer.Argument(metavar="PROBLEM", help="Default: all surveyed.")] = None,
    out: Annotated[str, typer.Option("-o", metavar="DIR", help="Folder for the files.")] = "data/catalog",
    db: Database = None,
) -> None:
    """Write the records of the database as text, one file for each problem."""
    from catalog.release import release as write_release

    for path in write_release(out, db, names or ()):
        typer.echo(str(path))


for command in (follow, identify, certify, verify):
    app.command()(command)
app.add_typer(export_app, name="export")


def main(arguments: list[str] | None = None) -> None:
    """Run the command and exit: 0 done, 1 a check failed or something stayed undecided, 2 bad input."""
    sys.exit(_run(sys.argv[1:] if arguments is None else arguments))


def _run(arguments: list[str]) -> int:
    from symbolic.errors import Refuted, SaddleryError, Undecided

    try:
        code = app(arguments, prog_name="saddlery", standalone_mode=False)
        sys.stdout.flush()
        # The command line turns an interrupt into this code.
        if code == INTERRUPTED:
            return _fail(INTERRUPTION, INTERRUPTED)
        return code if isinstance(code, int) else 0
    except (Undecided, Refuted) as error:
        return _fail(str(error), 1)
    except SaddleryError as error:
        return _fail(str(error), 2)
    except KeyboardInterrupt:
        return _fail(INTERRUPTION, INTERRUPTED)
    except (BrokenPipeError, SystemExit):
        # The reader has what it wanted; typer turns a broken pipe into an exit of its own.
        _discard_output()
        return 0
    except OSError as error:
        _discard_output()
        where = f"{error.filename}: " if error.filename else ""
        return _fail(f"{where}{error.strerror or error}", 2)
    except Exception as error:
        # Errors of the command line itself have a text and an exit code of their own.
        if hasattr(error, "format_message") and hasattr(error, "exit_code"):
            return _fail(f"{error.format_message()} (see saddlery --help)", 2)
        if type(error).__name__ == "Abort":
            return _fail(INTERRUPTION, INTERRUPTED)
        if os.environ.get("SADDLERY_TRACEBACK"):
            raise
        return _fail(f"internal error, {type(error).__name__}: {error} (SADDLERY_TRACEBACK=1 shows where)", 2)


def _discard_output() -> None:
    """Keep the interpreter from complaining at exit about output that nobody takes."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(text: str, code: int) -> int:
    line = " ".join(text.split())
    line = "".join(char if char.isprintable() else "?" for char in line)
    print(f"saddlery: {line}", file=sys.stderr)
    return code
