"""Local minima in Coq: the loss in reduced coordinates, its quadratic form as a sum of squares, a bound of the rest.

For one neuron at every breakpoint, f = d + sum_j u_j act(s_j (x - t_j)) with u = v |w|, t = -b/w and the orientation s.
The loss is a polynomial in t, u and d. With y the differences from the sample,

    L = L_0 + lambda |y|^2 + sum_i p_i l_i(y)^2 + sum_{i <= j} y_i y_j S_ij(y),    p_i > 0,

and |S_ij| is so small where all |y_i| <= eta that the last sum is at least -lambda |y|^2.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from catalog.coq_forms import Form, form_coq, linear_coq, matrix_of, size_coq, size_of, sum_of_squares
from catalog.coq_network import Network
from catalog.coq_numbers import ZERO, Quadratic, number_coq, rational_coq
from catalog.coq_page import theorem
from catalog.coq_reduced import Reduced, coordinates

SMALLEST = Fraction(1, 2**40)
"""Below this the smallest eigenvalue is not looked for."""

LARGEST, LARGEST_WITH_ROOT = 9, 5
"""The most reduced coordinates in which a loss is expanded, with rational numbers and with square roots: beyond them
coqc needs more than a minute."""


def minimum_section(sample: Network, loss: Quadratic) -> list[str] | None:
    """The theorem that the sample is a local minimum, with its lemmas; None where the argument does not apply."""
    reduced = Reduced(sample)
    expansion = reduced.expansion(loss)
    if expansion is None or _is_large(reduced):
        return None
    size = len(reduced.base)
    matrix = matrix_of(expansion, size)
    least = Fraction(1)
    while (squares := sum_of_squares(_less(matrix, least))) is None:
        least /= 2
        if least < SMALLEST:
            return None
    rest = _pairs(expansion, 3)
    eta = _eta(sample, rest, least, size)
    growth = _growth(reduced, loss, least, squares, rest, eta)
    return [*coordinates(reduced), *growth, _local_minimum(reduced, loss, eta)]


def critical_section(sample: Network, loss: Quadratic) -> list[str] | None:
    """The theorem that the loss in reduced coordinates has no linear term at the sample; None where there is not one
    neuron at every breakpoint."""
    reduced = Reduced(sample)
    expansion = reduced.expansion(loss)
    if expansion is None or _is_large(reduced):
        return None
    y = reduced.differences
    terms = "\n  + ".join(
        f"{y[i]} * {y[j]} * ({form_coq(form, y)})" for (i, j), form in _pairs(expansion, 2).items()
    )
    critical = theorem(
        "critical_in_reduced_coordinates",
        f"forall {' '.join(y)},\n  reduced_loss {reduced.moved} =\n  {number_coq(loss)}\n  + {terms}",
        f"  intros {' '.join(y)}. unfold reduced_loss, {reduced.piece_names}. compute_sides. by_field.",
    )
    return [*coordinates(reduced), critical]


def _is_large(reduced: Reduced) -> bool:
    with_root = any(value.factor for value in reduced.base)
    return len(reduced.base) > (LARGEST_WITH_ROOT if with_root else LARGEST)


def _pairs(expansion: Form, degree: int) -> dict[tuple[int, int], Form]:
    """The terms of at least a degree as sum_(i <= j) y_i y_j S_ij(y): the forms S_ij by (i, j)."""
    found: dict[tuple[int, int], dict[tuple[int, ...], Quadratic]] = {}
    for monomial, value in expansion.items():
        if len(monomial) >= degree:
            found.setdefault((monomial[0], monomial[1]), {})[monomial[2:]] = value
    return dict(found)


def _less(matrix: list[list[Quadratic]], least: Fraction) -> list[list[Quadratic]]:
    return [
        [value - Quadratic(least) if i == j else value for j, value in enumerate(row)] for i, row in enumerate(matrix)
    ]


def _eta(
    sample: Network, rest: dict[tuple[int, int], Form], least: Fraction, size: int
) -> Fraction:
    """eta at most a third of each piece, with sum_(i, j) |S_ij| (y_i^2 + y_j^2) / 2 <= least |y|^2."""
    values = [cut[0] if cut else ZERO for cut in sample.cuts]
    eta = Fraction(1)
    while any((right - left - Quadratic(3 * eta)).sign() < 0 for left, right in pairwise(values)):
        eta /= 2
    while True:
        shares = [Fraction(0)] * size
        for (i, j), form in rest.items():
            half = size_of(form, eta) / 2
            shares[i] += half
            shares[j] += half
        if max(shares) <= least:
            return eta
        eta /= 2


def _growth(
    reduced: Reduced,
    loss: Quadratic,
    least: Fraction,
    squares: list[tuple[Quadratic, list[Quadratic]]],
    rest: dict[tuple[int, int], Form],
    eta: Fraction,
) -> list[str]:
    """The expansion of the loss, and that it is least where all differences are at most eta."""
    y = reduced.differences
    given = " ".join(y)
    sum_squares = " + ".join(f"{number_coq(pivot)} * {linear_coq(line, y)} ^ 2" for pivot, line in squares)
    norm = f"{rational_coq(least)} * ({' + '.join(f'{name} ^ 2' for name in y)})"
    mixed = [(f"{y[i]} * {y[j]} * ({form_coq(form, y)})", i, j, form) for (i, j), form in rest.items()]
    remainder = f"({norm}" + "".join(f"\n    + {text}" for text, _, _, _ in mixed) + ")"
    expansion = theorem(
        "expansion",
        f"forall {given},\n  reduced_loss {reduced.moved} =\n  {number_coq(loss)} + ({sum_squares})\n  + {remainder}",
        f"  intros {given}. unfold reduced_loss, {reduced.piece_names}. compute_sides. by_field.",
    )
    close = " -> ".join(f"Rabs {name} <= {rational_coq(eta)}" for name in y)
    nears = " ".join(f"near{i + 1}" for i in range(len(y)))
    steps = [
        f"  intros {given} {nears}. rewrite expansion. apply above.",
        "  - repeat apply Rplus_le_le_0_compat; (apply Rmult_le_pos; [by_order|apply pow2_ge_0]).",
        "  -",
    ]
    for k, (text, i, j, form) in enumerate(mixed):
        steps.append(
            f"    assert (B{k} : - (({size_coq(form, eta)}) / 2) * ({y[i]} ^ 2 + {y[j]} ^ 2)\n      <= {text}).\n"
            "    { apply bound_mixed. by_bounds. }\n"
            f"    set (M{k} := {text}) in *. clearbody M{k}."
        )
    for i, name in enumerate(y):
        steps.append(f"    assert (Q{i} := pow2_ge_0 {name}). set (N{i} := {name} ^ 2) in *. clearbody N{i}.")
    least_loss = theorem(
        "least_loss",
        f"forall {given},\n  {close} ->\n  {number_coq(loss)} <= reduced_loss {reduced.moved}",
        "\n".join([*steps, "    lra."]),
    )
    return [expansion, least_loss]


def _local_minimum(reduced: Reduced, loss: Quadratic, eta: Fraction) -> str:
    sample, m = reduced.sample, reduced.count
    left, right = (rational_coq(end) for end in sample.setting.domain)
    bound = rational_coq(eta)
    conditions, hypotheses, arguments, places, outer = [], [], [], [], []
    for k, j in enumerate(reduced.live):
        n = j + 1
        one = sample.neurons[j]
        size = f"w{n}" if reduced.sign(one) > 0 else f"(- w{n})"
        t, u = f"(- b{n} / w{n})", f"(v{n} * {size})"
        places.append(t)
        outer.append(u)
        conditions.append(
            f"0 < {size} -> Rabs ({t} - {number_coq(reduced.base[k])}) <= {bound} -> "
            f"Rabs ({u} - {number_coq(reduced.base[m + k])}) <= {bound} ->"
        )
        hypotheses.append(f"side{n} place{n} outer{n}")
    for j in reduced.off:
        n = j + 1
        conditions.append(f"w{n} * {left} + b{n} <= 0 -> w{n} * {right} + b{n} <= 0 ->")
        hypotheses.append(f"first{n} second{n}")
    numbers = range(1, len(sample.neurons) + 1)
    names = " ".join(f"w{n} b{n} v{n}" for n in numbers)
    function = "c" + "".join(f" + v{n} * act (w{n} * x + b{n})" for n in numbers)
    conditions.append(f"Rabs (c - {number_coq(reduced.base[-1])}) <= {bound} ->")
    arguments = [*places, *outer, "c"]
    differences = " ".join(
        f"({value} - {number_coq(base)})" for value, base in zip(arguments, reduced.base, strict=True)
    )
    nears = " ".join([*(f"place{j + 1}" for j in reduced.live), *(f"outer{j + 1}" for j in reduced.live), "constant"])
    lines = [
        f"  intros c {names} value {' '.join(hypotheses)} constant I.",
        f"  assert (B := least_loss {differences} {nears}).",
    ]
    lines += [
        f"  replace ({number_coq(base)} + ({value} - {number_coq(base)})) with ({value}) in B by ring."
        for value, base in zip(arguments, reduced.base, strict=True)
    ]
    lines += [f"  assert (S{j + 1} := bounds_of_difference _ _ _ place{j + 1})." for j in reduced.live]
    lines += [
        f"  assert (J : integral (fun x => (reduced {' '.join(arguments)} x - h x) ^ 2) {left} {right}",
        f"    (reduced_loss {' '.join(arguments)})) by (apply loss_in_reduced_coordinates; by_order).",
        f"  replace value with (reduced_loss {' '.join(arguments)}); [exact B|].",
        f"  apply (integral_unique (fun x => ({function} - h x) ^ 2) {left} {right}); [|exact I].",
        "  refine (integral_same _ _ _ _ _ _ _ J); [lra|].",
        "  intros x inside. cbv beta. unfold reduced.",
    ]
    for k, j in enumerate(reduced.live):
        n, one = j + 1, sample.neurons[j]
        size, t = f"w{n}" if reduced.sign(one) > 0 else f"(- w{n})", places[k]
        inner = f"1 * x + - {t}" if reduced.sign(one) > 0 else f"(-1) * x + {t}"
        lines += [
            f"  replace (w{n} * x + b{n}) with ({size} * ({inner})) by (field; lra).",
            "  rewrite act_scaled by lra.",
        ]
    for j in reduced.off:
        n = j + 1
        lines.append(f"  rewrite (act_off w{n} b{n} {left} {right} x) by lra. unfold leak.")
    lines.append("  ring.")
    statement = f"forall c {names} value,\n  " + "\n  ".join(conditions)
    statement += f"\n  integral (fun x => ({function} - h x) ^ 2) {left} {right} value ->"
    statement += f"\n  {number_coq(loss)} <= value"
    return theorem("local_minimum", statement, "\n".join(lines))
