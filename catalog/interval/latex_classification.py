"""The classification for an affine target as a theorem-like table, printed only after it was checked against the
enumerated strata of every surveyed width."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.errors import CatalogError
from catalog.interval.classification import check_width
from catalog.latex_cells import escape
from catalog.latex_page import finish, of_problem
from catalog.strata_store import packed_strata, strata_surveys_of

if TYPE_CHECKING:
    from catalog.query import Catalog
    from symbolic.interval.problem import IntervalProblem


def render_classification(catalog: Catalog, problem: IntervalProblem, *, standalone: bool = False) -> str:
    """All critical points for h = alpha x + beta on [a, b], with symbolic alpha, beta, a, b, at every width n.

    Args:
        catalog: an open catalog, with strata of the problem.
        problem: its target has degree 1.
        standalone: a whole document instead of its body.

    Guarantee: the functions, losses, kinds and indices of the table agree with the strata enumerated at the widths
        that are named under it.

    Raises:
        CatalogError: a target of another degree, or no strata of it in the database.
        Refuted: the enumeration disagrees with the closed form.
    """
    if problem.degree != 1:
        raise CatalogError(f"the classification is that of a target of degree 1, and {problem.name} has another one")
    surveys = strata_surveys_of(catalog.store)
    widths = sorted(width for name, width in surveys if name == problem.name)
    if not widths:
        raise CatalogError(f"no strata of {problem.name} in {catalog.store.path}; run `saddlery build` on it once")
    for width in widths:
        if surveys[problem.name, width]["status"] != "proved":
            raise CatalogError(f"the strata of {problem.name} at width {width} are not proved complete")
        functions = catalog.store.functions(problem.name, width)
        check_width(problem, width, functions, packed_strata(catalog.store, problem.name, width))
    quadratic = problem.activation == "quadratic"
    return finish(
        "classification_quadratic.tex.j2" if quadratic else "classification.tex.j2",
        standalone,
        leaky=problem.leak > 0,
        problem=of_problem(problem, [{"problem": problem.name}]),
        widths=escape(", ".join(map(str, widths))),
        strata=sum(surveys[problem.name, width]["strata"] for width in widths),
    )
