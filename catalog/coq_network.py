"""Networks with one input in Coq: their residual on every piece of the domain, and integrals over it.

The parameters are polynomials in e (constants for one network), so that curves of networks are covered as well: for
small e >= 0 the order of the breakpoints and the sign of every neuron on every piece are those of the first terms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, cmp_to_key
from itertools import pairwise

from catalog.coq_numbers import (
    ONE,
    ZERO,
    Polynomial,
    Quadratic,
    initial_sign,
    number_coq,
    order_of,
    plus,
    polynomial,
    polynomial_coq,
    quotient,
    rational_coq,
    scaled,
    times,
)


class NotPolynomial(Exception):
    """The pieces of a curve of networks do not move as polynomials."""


@dataclass(frozen=True)
class Neuron:
    """v act(w x + b)."""

    w: Polynomial
    b: Polynomial
    v: Polynomial

    def at(self, x: Polynomial) -> Polynomial:
        return plus(times(self.w, x), self.b)

    @property
    def argument(self) -> str:
        """w * x + b in Coq."""
        return f"{polynomial_coq(self.w)} * x + {polynomial_coq(self.b)}"


@dataclass(frozen=True)
class Setting:
    """The target's coefficients, the domain and the leak."""

    target: tuple[Fraction, ...]
    domain: tuple[Fraction, Fraction]
    leak: Fraction


@dataclass(frozen=True)
class Network:
    """c + slope x + sum of neurons, or a curve of such functions.

    Attributes:
        setting: target, domain, leak.
        constant, slope: c and the slope of an affine part beside the neurons.
        neurons: in their order.
        name: of the function in Coq; the other names are made of it.
        moving: whether the parameters depend on e.
        activation: the name of the activation in Coq.
    """

    setting: Setting
    constant: Polynomial
    slope: Polynomial
    neurons: tuple[Neuron, ...]
    name: str
    moving: bool = False
    activation: str = "act"

    @cached_property
    def cuts(self) -> tuple[Polynomial, ...]:
        """The ends of the domain and the breakpoints between them, in order, each once.

        Raises:
            NotPolynomial: a breakpoint is no polynomial in e.
        """
        left, right = (polynomial([Quadratic(end)]) for end in self.setting.domain)
        inside = set()
        for one in self.neurons:
            if initial_sign(one.at(left)) * initial_sign(one.at(right)) < 0:
                place = quotient(scaled(one.b, -ONE), one.w)
                if place is None:
                    raise NotPolynomial
                inside.add(place)
        ordered = sorted(inside, key=cmp_to_key(_compare))
        return left, *ordered, right

    @cached_property
    def states(self) -> tuple[tuple[bool, ...], ...]:
        """For every piece, which neurons are on: w x + b >= 0 there."""
        found = []
        for ends in pairwise(self.cuts):
            row = []
            for one in self.neurons:
                signs = [initial_sign(one.at(end)) for end in ends]
                row.append(min(signs) >= 0)
                if min(signs) < 0 < max(signs):
                    raise NotPolynomial
            found.append(tuple(row))
        return tuple(found)

    def residual(self, piece: int) -> tuple[Polynomial, ...]:
        """f - h on a piece, as coefficients of powers of x."""
        values = [self.constant, self.slope]
        for one, on in zip(self.neurons, self.states[piece], strict=True):
            factor = ONE if on else Quadratic(self.setting.leak)
            values[0] = plus(values[0], scaled(times(one.v, one.b), factor))
            values[1] = plus(values[1], scaled(times(one.v, one.w), factor))
        values += [()] * (len(self.setting.target) - 2)
        for i, value in enumerate(self.setting.target):
            values[i] = plus(values[i], polynomial([Quadratic(-value)]))
        return tuple(values)

    def integral(self, first: int, last: int, factors: Sequence[Sequence[Polynomial]] | None = None) -> Polynomial:
        """The integral over the pieces first, ..., last of the residual times a factor, given on each piece as
        coefficients of powers of x; without factors, of the square of the residual."""
        total: Polynomial = ()
        for piece in range(first, last + 1):
            residual = self.residual(piece)
            factor = residual if factors is None else factors[piece]
            for end, sign in ((self.cuts[piece + 1], 1), (self.cuts[piece], -1)):
                power = end
                for k in range(len(residual) + len(factor) - 1):
                    share = Quadratic(Fraction(sign, k + 1))
                    for i, value in enumerate(residual):
                        if 0 <= k - i < len(factor):
                            total = plus(total, scaled(times(value, factor[k - i], power), share))
                    power = times(power, end)
        return total

    def loss(self) -> Polynomial:
        return self.integral(0, len(self.states) - 1)

    def limit(self) -> Fraction:
        """A bound of e up to which order and signs are proved by `sign_proof`.

        Raises:
            NotPolynomial: a sign is not that of e^m (A + B e).
        """
        bound = Fraction(1)
        wanted = [_minus(right, left) for left, right in pairwise(self.cuts)]
        for ends, states in zip(pairwise(self.cuts), self.states, strict=True):
            for one, on in zip(self.neurons, states, strict=True):
                wanted += [one.at(end) if on else scaled(one.at(end), -ONE) for end in ends]
        for value in wanted:
            _, constant, linear = _leading(value)
            while (constant + linear * Quadratic(bound)).sign() < 0:
                bound /= 2
        return bound

    # The texts.

    @property
    def argument(self) -> str:
        return " e" if self.moving else ""

    def cut(self, index: int) -> str:
        return f"({self.name}_cut{index} e)" if self.moving else f"{self.name}_cut{index}"

    def piece(self, index: int) -> str:
        return f"({self.name}_piece{index + 1} e)" if self.moving else f"{self.name}_piece{index + 1}"

    def definitions(self) -> str:
        """The function, the ends of its pieces and its residual on each, as definitions."""
        given = " (e : R)" if self.moving else ""
        terms = [polynomial_coq(self.constant)]
        if self.slope:
            terms.append(f"{polynomial_coq(self.slope)} * x")
        terms += [f"{polynomial_coq(one.v)} * {self.activation} ({one.argument})" for one in self.neurons]
        body = "\n  + ".join(terms)
        lines = [f"Definition {self.name}{given} (x : R) : R :=\n  {body}.", ""]
        lines += [
            f"Definition {self.name}_cut{i}{given} : R := {polynomial_coq(cut)}." for i, cut in enumerate(self.cuts)
        ]
        lines += [""] + [
            f"Definition {self.name}_piece{i + 1}{given} : list R := "
            f"[{'; '.join(polynomial_coq(value) for value in self.residual(i))}]."
            for i in range(len(self.states))
        ]
        unfold = [f"{self.name}_cut{i}" for i in range(len(self.cuts))]
        unfold += [f"{self.name}_piece{i + 1}" for i in range(len(self.states))]
        unfold += ["leak"] * (self.activation == "act")
        lines += ["", f"Ltac unfold_{self.name} := unfold {', '.join(unfold)} in *."]
        return "\n".join(lines)

    def lemmas(self) -> str:
        """The order of the pieces, the state of every neuron on each, and the residual on each."""
        quantified = "forall e, 0 <= e <= " + rational_coq(self.limit()) + " -> " if self.moving else ""
        intros = "intros e range. " if self.moving else ""
        blocks = []
        for i, (left, right) in enumerate(pairwise(self.cuts)):
            blocks.append(
                f"Lemma {self.name}_order{i + 1} : {quantified}{self.cut(i)} <= {self.cut(i + 1)}.\n"
                f"Proof. {intros}apply order_by_difference. {self._sign_proof(_minus(right, left))} Qed."
            )
        for i, (ends, states) in enumerate(zip(pairwise(self.cuts), self.states, strict=True)):
            blocks += [self._state_lemma(i, j, ends, on) for j, on in enumerate(states)]
            blocks.append(self._residual_lemma(i))
        return "\n\n".join(blocks)

    def _ranges(self, piece: int) -> str:
        range_ = f"0 <= e <= {rational_coq(self.limit())} -> " if self.moving else ""
        return f"forall{self.argument} x, {range_}{self.cut(piece)} <= x <= {self.cut(piece + 1)} ->"

    @property
    def _intros(self) -> str:
        return "intros e x range inside." if self.moving else "intros x inside."

    def _state_lemma(self, piece: int, neuron: int, ends: tuple[Polynomial, Polynomial], on: bool) -> str:
        one = self.neurons[neuron]
        leak = "leak" if self.activation == "act" else "0"
        value, rule = (one.argument, "on") if on else (f"{leak} * ({one.argument})", "off")
        w, b = polynomial_coq(one.w), polynomial_coq(one.b)
        proofs = [self._sign_proof(one.at(end) if on else scaled(one.at(end), -ONE)) for end in ends]
        return (
            f"Lemma {self.name}_state{piece + 1}_{neuron + 1} : {self._ranges(piece)}\n"
            f"  {self.activation} ({one.argument}) = {value}.\n"
            f"Proof.\n  {self._intros}\n"
            f"  apply ({self.activation}_{rule} {w} {b} {self.cut(piece)} {self.cut(piece + 1)} x); "
            "[| |exact inside].\n"
            f"  - {proofs[0]}\n  - {proofs[1]}\nQed."
        )

    @property
    def _unfold_leak(self) -> str:
        return ", leak" if self.activation == "act" else ""

    def _residual_lemma(self, piece: int) -> str:
        given = " e x range inside" if self.moving else " x inside"
        rewrites = "".join(
            f"  rewrite ?({self.name}_state{piece + 1}_{j + 1}{given}).\n" for j in range(len(self.neurons))
        )
        return (
            f"Lemma {self.name}_residual{piece + 1} : {self._ranges(piece)}\n"
            f"  {self.name}{self.argument} x - h x = eval 0 {self.piece(piece)} x.\n"
            f"Proof.\n  {self._intros}\n  unfold {self.name}.\n{rewrites}"
            f"  unfold h{self._unfold_leak}. unfold_{self.name}. compute_sides. by_field.\nQed."
        )

    def _sign_proof(self, one: Polynomial) -> str:
        """0 <= P for P = e^m (A + B e)."""
        order, constant, linear = _leading(one)
        if not self.moving:
            return f"apply (equal_nonnegative {number_coq(constant)} _); [by_order|unfold_{self.name}; by_field]."
        numbers = f"{order} {number_coq(constant)} {number_coq(linear)}"
        return (
            f"apply (initially_nonnegative e _ {numbers} _ range); "
            f"[by_order|by_order|unfold_{self.name}; by_field]."
        )

    def integral_proof(
        self, first: int, last: int, factors: Sequence[str] | None = None, neuron: int = -1
    ) -> str:
        """The proof of `integral (fun x => factor * (residual)) cut_first cut_(last + 1) value`.

        Args:
            first, last: pieces.
            factors: the factor on each piece, as lists in Coq; None for the residual itself.
            neuron: the one whose activation is in the factor, if any.
        """
        name = self.name
        unfold = " unfold leak." if neuron >= 0 else ""
        given, at = (" e x range inside", " e range") if self.moving else (" x inside", "")
        lines = ["  eapply integral_is.", "  {"]
        for piece in range(first, last + 1):
            factor = self.piece(piece) if factors is None else factors[piece]
            state = f" rewrite ({name}_state{piece + 1}_{neuron + 1}{given})." if neuron >= 0 else ""
            if piece < last:
                ends = f"{self.cut(piece)} {self.cut(piece + 1)} {self.cut(last + 1)}"
                lines.append(f"    eapply (integral_joined _ {ends}).")
            dot, shift = ("    { ", " }") if piece < last else ("    ", "")
            lines += [
                f"{dot}apply (integral_on_piece (times {factor} {self.piece(piece)})); "
                f"[exact ({name}_order{piece + 1}{at})| |reflexivity].",
                f"      intros x inside. rewrite eval_times, <- ({name}_residual{piece + 1}{given}).{state}",
                f"      compute_sides.{unfold} by_field.{shift}",
            ]
        return "\n".join([*lines, "  }", f"  unfold_{name}. compute_sides. by_field."])


def linear_factor(one: Neuron, on: bool, leak: Fraction) -> list[Polynomial]:
    """act(w x + b) where the neuron is on or off, as coefficients of powers of x."""
    factor = ONE if on else Quadratic(leak)
    return [scaled(one.b, factor), scaled(one.w, factor)]


def _leading(one: Polynomial) -> tuple[int, Quadratic, Quadratic]:
    """(m, A, B) with P = e^m (A + B e)."""
    if not one:
        return 0, ZERO, ZERO
    order = order_of(one)
    if len(one) > order + 2:
        raise NotPolynomial
    return order, one[order], one[order + 1] if len(one) > order + 1 else ZERO


def _compare(one: Polynomial, other: Polynomial) -> int:
    """The sign of one - other for small e."""
    return initial_sign(_minus(one, other))


def _minus(one: Polynomial, other: Polynomial) -> Polynomial:
    return plus(one, scaled(other, -ONE))
