"""Orthogonal inputs with nonzero labels: the closed form, neuron by neuron and sample by sample.

Coordinates u_jk = <w_j, x_k> are free and independent, so everything is combinatorics of signs. Samples count from 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, product

Type = tuple[tuple[int, ...], int]
"""Signs of u_j1 ... u_jn and the sign of a_j."""


@dataclass(frozen=True)
class Orthogonal:
    """Targets and squared norms of pairwise orthogonal inputs."""

    targets: tuple[Fraction, ...]
    squared_norms: tuple[Fraction, ...]

    @classmethod
    def of(cls, inputs, targets) -> Orthogonal:
        rows = [tuple(map(Fraction, row)) for row in inputs]
        assert all(sum(a * b for a, b in zip(x, z, strict=True)) == 0 for x, z in combinations(rows, 2))
        return cls(tuple(map(Fraction, targets)), tuple(sum(a * a for a in row) for row in rows))

    @property
    def size(self) -> int:
        return len(self.targets)

    def sign(self, k: int) -> int:
        return 1 if self.targets[k] > 0 else -1

    def loss(self, fit: frozenset[int]) -> Fraction:
        return sum((y * y for k, y in enumerate(self.targets) if k not in fit), Fraction(0)) / (2 * self.size)

    def signs(self, fit: frozenset[int]) -> int:
        return len({self.sign(k) for k in fit})

    # Strata -------------------------------------------------------------------------------------------------------

    def classify(self, neurons: Sequence[Type]) -> tuple[frozenset[int], str] | None:
        """Fit set and kind of the directionally stationary configuration of these types, or None."""
        samples = range(self.size)
        fit = frozenset(k for k in samples if any(a and marks[k] > 0 for marks, a in neurons))
        for k in fit:
            if not any(a == self.sign(k) and marks[k] > 0 for marks, a in neurons):
                return None
        escape = False
        for marks, a in neurons:
            open_signs = {self.sign(k) for k in samples if k not in fit and marks[k] > 0}
            touching = [self.sign(k) for k in samples if k not in fit and marks[k] == 0]
            if a and any(a == sign for sign in touching):
                return None
            if a == 0 and len(open_signs) == 1:
                return None
            escape = escape or (a == 0 and bool(open_signs or touching))
        if escape:
            return fit, "saddle"
        return fit, "global_min" if self.loss(fit) == self.least_loss(len(neurons)) else "local_min"

    def feasible(self, width: int) -> list[frozenset[int]]:
        sets = (frozenset(s) for size in range(self.size + 1) for s in combinations(range(self.size), size))
        return [fit for fit in sets if self.signs(fit) <= width]

    def least_loss(self, width: int) -> Fraction:
        return min(map(self.loss, self.feasible(width)))

    def configurations(self, width: int) -> Iterator[tuple[tuple[Type, ...], frozenset[int], str]]:
        """Every ordered list of types that is stationary, with its fit set and kind."""
        types = list(product(product((1, 0, -1), repeat=self.size), (1, -1, 0)))
        for neurons in product(types, repeat=width):
            found = self.classify(neurons)
            if found is not None:
                yield neurons, *found

    def counts(self, width: int) -> tuple[Counter[str], Counter[str], Counter[str]]:
        """Numbers of ordered configurations by kind; the same off the kinks; by fit set (from 1) and kind.

        A local minimum whose loss is positive is counted as "local_min" even where the width cannot do better.
        """
        total: Counter[str] = Counter()
        inside: Counter[str] = Counter()
        by_fit: Counter[str] = Counter()
        for neurons, fit, kind in self.configurations(width):
            word = "local_min" if kind == "global_min" and len(fit) < self.size else kind
            total[word] += 1
            inside[word] += all(all(marks) for marks, _ in neurons)
            by_fit["{" + ",".join(str(k + 1) for k in sorted(fit)) + "}:" + word] += 1
        return total, +inside, by_fit

    # The chain ----------------------------------------------------------------------------------------------------

    def squared_rate(self, samples: frozenset[int]) -> Fraction:
        """|D_B|^2 = (1/n^2) sum over B of y_k^2 |x_k|^2."""
        terms = (self.targets[k] ** 2 * self.squared_norms[k] for k in samples)
        return sum(terms, Fraction(0)) / self.size**2

    def transitions(self) -> set[tuple[frozenset[int], frozenset[int], int, Fraction, bool]]:
        """(S, S u B, sign, squared rate, whether B is all unfit samples of that sign)."""
        found = set()
        everything = [frozenset(s) for size in range(self.size + 1) for s in combinations(range(self.size), size)]
        for fit, block in product(everything, repeat=2):
            kinds = {self.sign(k) for k in block}
            if fit & block or len(kinds) != 1:
                continue
            (sign,) = kinds
            rest = {k for k in range(self.size) if k not in fit and self.sign(k) == sign}
            found.add((fit, fit | block, sign, self.squared_rate(block), block == rest))
        return found

    def squared_variation(self, fit: frozenset[int], sign: int) -> Fraction:
        """|v|^2 for v = sum over the fit samples of this sign of (y_k/|x_k|^2) x_k."""
        terms = (self.targets[k] ** 2 / self.squared_norms[k] for k in fit if self.sign(k) == sign)
        return sum(terms, Fraction(0))

    def chain(self, covered: Sequence[frozenset[int]]) -> Chain:
        """Firing by firing from initial neurons with B_j = covered[j] (samples with u_jk > 0 and a_j y_k > 0).

        p_j falls at rate |D_(B_j minus S)| from 1; the neurons whose p_j reaches 0 first fire together.
        """
        level = [1.0] * len(covered)
        fit: frozenset[int] = frozenset()
        steps: list[Step] = []
        tau = variation = 0.0
        while True:
            rates = [float(self.squared_rate(block - fit)) ** 0.5 for block in covered]
            times = [p / rate if rate else float("inf") for p, rate in zip(level, rates, strict=True)]
            first = min(times, default=float("inf"))
            if first == float("inf"):
                return Chain(tuple(steps), fit, self.loss(fit), variation)
            tau += first
            level = [p - first * rate for p, rate in zip(level, rates, strict=True)]
            firing = tuple(j for j, time in enumerate(times) if time <= first * (1 + 1e-12))
            blocks = {covered[j] - fit for j in firing}
            variation += sum(
                float(sum(self.targets[k] ** 2 / self.squared_norms[k] for k in block)) ** 0.5 for block in blocks
            )
            after = fit.union(*blocks)
            squared = tuple(self.squared_rate(covered[j] - fit) for j in firing)
            steps.append(Step(tau, firing, squared, fit, after, self.loss(fit), self.loss(after)))
            fit = after

    def wide_chain(self) -> Chain:
        """All patterns and both signs present: the two signs are fit at 1/|D_+| and 1/|D_-|."""
        halves = [frozenset(k for k in range(self.size) if self.sign(k) == sign) for sign in (1, -1)]
        return self.chain([half for half in halves if half])


@dataclass(frozen=True)
class Step:
    """One firing time: tau in units of log(1/lambda), who fires at which squared rates, and what is fit then."""

    tau: float
    neurons: tuple[int, ...]
    squared_rates: tuple[Fraction, ...]
    before: frozenset[int]
    after: frozenset[int]
    loss_before: Fraction
    loss_after: Fraction


@dataclass(frozen=True)
class Chain:
    """The steps, what is fit at the end, its loss, and the variation norm (firing blocks that overlap not handled)."""

    steps: tuple[Step, ...]
    fit: frozenset[int]
    loss: Fraction
    variation: float
