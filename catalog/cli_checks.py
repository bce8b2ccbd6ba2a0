"""Commands about trust: certificates, verification, proof files, where given weights lie; `catalog.cli` adds them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

Database = Annotated[
    str | None,
    typer.Option("--db", metavar="PATH-or-URL", help="The database; default $SADDLERY_DB or the user's data folder."),
]

Problem = Annotated[str, typer.Argument(metavar="PROBLEM", help="A name in the database, or a path ending in .toml.")]

Width = Annotated[int | None, typer.Option(help="Default: the largest one surveyed.")]

export_app = typer.Typer(
    help="Records for other programs.", no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False
)


def _one_of(form: str, *forms: str) -> None:
    from catalog.errors import CatalogError

    if form not in forms:
        raise CatalogError(f"unknown format {form!r}; choose from {', '.join(forms)}")


def follow(
    problem: Problem,
    trajectory: Annotated[
        str, typer.Argument(metavar="TRAJECTORY", help="Parameters over time: JSON lines, or an .npz archive.")
    ],
    width: Annotated[int | None, typer.Option(help="Default: the number of neurons of the run.")] = None,
    form: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
    db: Database = None,
) -> None:
    """Which strata a training run passed near, and when, beside the predicted chain."""
    from catalog.follow import follow_text
    from catalog.query import open_catalog

    _one_of(form, "table", "json")
    with open_catalog(db) as opened:
        text = follow_text(opened, problem, trajectory, form, width=width)
    typer.echo(text)


def identify(
    problem: Problem,
    weights: Annotated[str, typer.Argument(metavar="WEIGHTS.json", help="{w, b, v, c}, {w, a} or {w}.")],
    form: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
    db: Database = None,
) -> None:
    """Where trained weights lie: the nearest stratum with a proved bound, or an honest no."""
    from catalog.identify import identify_text
    from catalog.query import open_catalog

    _one_of(form, "table", "json")
    with open_catalog(db) as opened:
        text = identify_text(opened, problem, weights, form)
    typer.echo(text)


def certify(
    problem: Problem,
    out: Annotated[str, typer.Option("-o", metavar="FILE.json", help="The certificate.")],
    width: Width = None,
    covers: Annotated[bool, typer.Option(help="With the covers that prove completeness.")] = True,
    workers: Annotated[int | None, typer.Option(help="Processes; default: all processors.")] = None,
    db: Database = None,
) -> None:
    """A certificate of one problem and width that anyone can re-check without this program."""
    from catalog.certificate import write_certificate
    from catalog.errors import CatalogError
    from catalog.progress import progress_bar
    from catalog.query import open_catalog
    from catalog.workers import default_workers

    if workers is not None and not 1 <= workers <= 256:
        raise CatalogError(f"--workers must be between 1 and 256, not {workers}")
    options: dict[str, Any] = {"width": width, "covers": covers, "workers": workers or default_workers()}
    with open_catalog(db) as opened, progress_bar("certificate") as report:
        summary = write_certificate(opened, problem, out, report=report, **options)
    typer.echo(summary)


def verify(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="PROBLEM", help="Or a released file, NAME.jsonl; default: all surveyed problems."),
    ] = None,
    slow: Annotated[bool, typer.Option("--slow", help="Also the checks that take longer.")] = False,
    form: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
    db: Database = None,
) -> None:
    """Re-check every stored record without the search that found it."""
    from catalog.progress import progress_bar
    from catalog.verify import verify_database
    from symbolic.errors import Refuted

    _one_of(form, "table", "json")
    options: dict[str, Any] = {"slow": slow}
    with progress_bar("verify") as report:
        result = verify_database(db, names or (), report=report, **options)
    typer.echo(result.to_json() if form == "json" else result.to_text())
    if result.refuted:
        raise Refuted(f"{len(result.refuted)} records are refuted; the first: {result.refuted[0]}")


@export_app.command("coq")
def export_coq(
    label: Annotated[str, typer.Argument(metavar="LABEL", help="A function or a stratum of an interval problem.")],
    out: Annotated[str | None, typer.Option("-o", metavar="FILE.v", help="Default: standard output.")] = None,
    db: Database = None,
) -> None:
    """A self-contained Coq file that states and proves what the record claims."""
    from catalog.coq import coq_text
    from catalog.output_file import write_file
    from catalog.query import open_catalog

    with open_catalog(db) as opened:
        text = coq_text(opened, label)
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_file(out, text)


@export_app.callback()
def _export() -> None:
    """Records for other programs."""
