"""The loss of a network in reduced coordinates, in Coq; f = d + sum_j u_j act(s_j (x - t_j)).

t = -b/w, u = v |w|, s is the orientation, and d = c. While the breakpoints keep their order, the loss is a polynomial.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from itertools import pairwise

from catalog.coq_forms import Form, constant, multiple, product, shifted, total
from catalog.coq_network import Network, Neuron
from catalog.coq_numbers import ONE, ZERO, Quadratic, initial_sign, number_coq, polynomial, rational_coq
from catalog.coq_page import theorem


class Reduced:
    """The loss of a network with one neuron at every breakpoint, in reduced coordinates around a sample."""

    def __init__(self, sample: Network) -> None:
        self.sample = sample
        left, right = sample.cuts[0], sample.cuts[-1]
        signs = [(initial_sign(one.at(left)), initial_sign(one.at(right))) for one in sample.neurons]
        self.live = [j for j, (one, other) in enumerate(signs) if one * other < 0]
        self.off = [j for j, (one, other) in enumerate(signs) if max(one, other) < 0]
        order = {cut: i for i, cut in enumerate(sample.cuts)}
        self.live.sort(key=lambda j: order[polynomial([self.place(sample.neurons[j])])])
        self.count = len(self.live)

    @property
    def applies(self) -> bool:
        """Whether all neurons are at different breakpoints, with v != 0, or off (for ReLU)."""
        sample = self.sample
        alone = self.count == len(sample.states) - 1
        known = self.count + len(self.off) == len(sample.neurons) and not (self.off and sample.setting.leak)
        return alone and known and all(sample.neurons[j].v for j in self.live)

    @staticmethod
    def place(one: Neuron) -> Quadratic:
        return -(one.b[0] if one.b else ZERO) * one.w[0].inverse()

    @staticmethod
    def sign(one: Neuron) -> int:
        return initial_sign(one.w)

    @cached_property
    def base(self) -> list[Quadratic]:
        """t_1, ..., t_m, u_1, ..., u_m, d at the sample."""
        neurons = [self.sample.neurons[j] for j in self.live]
        weights = [one.v[0] * one.w[0] * Quadratic(Fraction(self.sign(one))) for one in neurons]
        d = self.sample.constant[0] if self.sample.constant else ZERO
        return [*(self.place(one) for one in neurons), *weights, d]

    @cached_property
    def names(self) -> list[str]:
        numbers = range(1, self.count + 1)
        return [*(f"t{j}" for j in numbers), *(f"u{j}" for j in numbers), "d"]

    def factor(self, j: int, piece: int) -> Quadratic:
        """s_j, times the leak where the neuron is off."""
        one = self.sample.neurons[self.live[j]]
        on = (piece > j) == (self.sign(one) > 0)
        return Quadratic(self.sign(one) * (Fraction(1) if on else self.sample.setting.leak))

    def loss(self) -> Form:
        """The loss as a polynomial in the differences from the sample."""
        m, setting = self.count, self.sample.setting
        values = [shifted(value, i) for i, value in enumerate(self.base)]
        ends = [constant(Quadratic(setting.domain[0])), *values[:m], constant(Quadratic(setting.domain[1]))]
        parts = []
        for piece, (start, end) in enumerate(pairwise(ends)):
            coefficients = [values[-1], constant(ZERO)]
            for j in range(m):
                slope = multiple(values[m + j], self.factor(j, piece))
                coefficients[0] = total([coefficients[0], multiple(product(slope, values[j]), -ONE)])
                coefficients[1] = total([coefficients[1], slope])
            coefficients += [{}] * (len(setting.target) - 2)
            for i, value in enumerate(setting.target):
                coefficients[i] = total([coefficients[i], constant(Quadratic(-value))])
            for border, sign in ((end, 1), (start, -1)):
                power = border
                for k in range(2 * len(coefficients) - 1):
                    share = Quadratic(Fraction(sign, k + 1))
                    pairs = [
                        product(coefficients[i], coefficients[k - i])
                        for i in range(len(coefficients))
                        if 0 <= k - i < len(coefficients)
                    ]
                    parts.append(multiple(product(total(pairs), power), share))
                    power = product(power, border)
        return total(parts)

    def expansion(self, loss: Quadratic) -> Form | None:
        """`loss` of this object if the method applies, its constant term is the given one and no term is linear."""
        if not self.applies:
            return None
        found = self.loss()
        return found if found.get((), ZERO) == loss and all(len(one) != 1 for one in found) else None

    # The texts.

    @property
    def differences(self) -> list[str]:
        """The names of the differences from the sample."""
        return [f"y{i + 1}" for i in range(len(self.names))]

    @property
    def moved(self) -> str:
        """The coordinates of the sample plus the differences."""
        pairs = zip(self.base, self.differences, strict=True)
        return " ".join(f"({number_coq(value)} + {name})" for value, name in pairs)

    @property
    def piece_names(self) -> str:
        return ", ".join(f"reduced_piece{k + 1}" for k in range(self.count + 1))

    def residual(self, piece: int) -> str:
        """f - h on a piece as a list in Coq."""
        setting = self.sample.setting
        slopes = [f"{number_coq(self.factor(j, piece))} * u{j + 1}" for j in range(self.count)]
        shifts = [f"({slope}) * (- t{j + 1})" for j, slope in enumerate(slopes)]
        terms = [" + ".join(["d", *shifts]), " + ".join(slopes) or "0"] + ["0"] * (len(setting.target) - 2)
        for i, value in enumerate(setting.target):
            terms[i] += f" - {rational_coq(value)}" if value else ""
        return f"[{'; '.join(terms)}]"

    def argument(self, j: int) -> str:
        sign = self.sign(self.sample.neurons[self.live[j]])
        return f"1 * x + - t{j + 1}" if sign > 0 else f"(-1) * x + t{j + 1}"


def coordinates(reduced: Reduced) -> list[str]:
    """The function and its loss in reduced coordinates."""
    names, m = reduced.names, reduced.count
    given = " ".join(names)
    left, right = (rational_coq(end) for end in reduced.sample.setting.domain)
    ends = [left, *names[:m], right]
    terms = ["d", *(f"u{j + 1} * act ({reduced.argument(j)})" for j in range(m))]
    lines = [f"reduced_piece{k + 1} {given}" for k in range(m + 1)]
    squares = [f"(times ({one}) ({one}))" for one in lines]
    parts = [
        f"(primitive 0 {one} {end}\n     - primitive 0 {one} {start})"
        for one, (start, end) in zip(squares, pairwise(ends), strict=True)
    ]
    order = "".join(f"{start} <= {end} -> " for start, end in pairwise(ends))
    return [
        f"Definition reduced ({given} x : R) : R :=\n  {' + '.join(terms)}.",
        "\n".join(
            f"Definition reduced_piece{k + 1} ({given} : R) : list R :=\n  {reduced.residual(k)}." for k in range(m + 1)
        ),
        f"Definition reduced_loss ({given} : R) : R :=\n  " + "\n  + ".join(parts) + ".",
        theorem(
            "loss_in_reduced_coordinates",
            f"forall {given}, {order}\n  integral (fun x => (reduced {given} x - h x) ^ 2) {left} {right} "
            f"(reduced_loss {given})",
            "\n".join(
                [
                    f"  intros {given} {' '.join(f'order{k + 1}' for k in range(m + 1))}.",
                    "  unfold reduced_loss.",
                    *_pieces_proof(reduced, ends, lines),
                ]
            ),
        ),
    ]


def _pieces_proof(reduced: Reduced, ends: list[str], lines: list[str]) -> list[str]:
    left, proof, m = ends[0], [], reduced.count
    for k in range(m, -1, -1):
        dot = "  "
        if k:
            proof.append(f"  apply (integral_joined _ {left} {ends[k]} {ends[k + 1]}).")
            dot = "  2: { "
        rewrites = []
        for j in range(m):
            one = reduced.sample.neurons[reduced.live[j]]
            on = (k > j) == (reduced.sign(one) > 0)
            w, b = ("1", f"(- t{j + 1})") if reduced.sign(one) > 0 else ("(-1)", f"t{j + 1}")
            rewrites.append(f"rewrite (act_{'on' if on else 'off'} {w} {b} {ends[k]} {ends[k + 1]} x) by lra.")
        proof.append(
            f"{dot}apply (integral_on_piece (times ({lines[k]}) ({lines[k]}))); [lra| |reflexivity].\n"
            f"    intros x inside. rewrite eval_times. unfold reduced, h, reduced_piece{k + 1}. "
            + " ".join(rewrites)
            + f"\n    compute_sides. unfold leak. by_field.{' }' if k else ''}"
        )
    return proof
