"""What the codes of neurons of the interval family mean for reflections, embeddings and limits.

The codes are those of `symbolic.interval.strata.roles`. The parameters of a neuron are (w, b, v); a *live* neuron has
its breakpoint at a kink or a virtual site and v != 0.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from symbolic.exact.cones import Combination, positive_combination
from symbolic.graph.cone_membership import Vector, orthogonal

_SITE = re.compile(r"([kv])([0-9]+)([+-])([pnz])")
_FLAT = re.compile(r"f([0-9]+)([+-])")
_END = re.compile(r"l([ab])([+-])([pnz])")
_TURNED = {"+": "-", "-": "+"}
_NEGATED = {"p": "n", "n": "p", "z": "z"}
_SIGNS = {"p": 1, "n": -1}

NAMES = {
    "dead": "dead neuron",
    "zero": "zero neuron",
    "zerop": "degenerate neuron",
    "zeron": "degenerate neuron",
    "con+": "constant neuron",
    "con-": "constant neuron",
    "sym": "flat neuron",
    "act": "affine neuron",
    "ina": "affine neuron",
}
"""Neurons without a breakpoint; each can be added without changing f (an affine one with v = 0)."""

Move = tuple[str, int, str]
"""(site or "slope", its number, orientation): what a neuron can change; the sign stands beside it."""


@dataclass(frozen=True)
class Code:
    """A parsed code: `group` k, v, f, l or the whole word; orientation; sign of v as a letter, "" where not told."""

    group: str
    place: str = ""
    orientation: str = ""
    sign: str = ""

    @property
    def is_live(self) -> bool:
        return self.group in ("k", "v") and self.sign != "z"


@lru_cache(maxsize=4096)
def parse(code: str) -> Code:
    """The parts of a code.

    Raises:
        ValueError: not a code of this family.
    """
    if found := _SITE.fullmatch(code):
        return Code(*found.groups())
    if found := _FLAT.fullmatch(code):
        return Code("f", found[1], found[2], "z")
    if found := _END.fullmatch(code):
        return Code("l", *found.groups())
    if code not in NAMES:
        raise ValueError(f"{code!r} is no code of a neuron of the interval family")
    return Code(code)


@dataclass(frozen=True)
class IntervalRules:
    """The rules over one function.

    Args:
        class_a: whether the moment of the function is 0, so that affine neurons share its slopes.
        leaky: whether the leak is positive.
    """

    class_a: bool
    leaky: bool

    def neutral(self, code: str) -> str:
        """What adding such a neuron is called if it can be added to every point without changing f; else ""."""
        one = parse(code)
        if one.group == "l" and self._is_silent(one):
            return "semi-inactive neuron"
        if one.sign == "z":
            return "flat neuron"
        return NAMES.get(code, "")

    def opposite(self, code: str) -> str | None:
        """The same neuron with v of the other sign, for live neurons and affine ones with the breakpoint at an end."""
        one = parse(code)
        if one.is_live or (one.group == "l" and one.sign != "z" and not self._is_silent(one)):
            return code[:-1] + _NEGATED[one.sign]
        return None

    def is_limit(self, code: str, of: str) -> bool:
        """Whether the (w, b, v) of the first code lie in the closure of those of the second."""
        low, high = parse(code), parse(of)
        if code == of:
            return True
        if code == "zero":
            return True
        if code in ("zerop", "zeron"):
            return high.sign == code[-1] or of in ("act", "ina", "dead")
        if code in ("con+", "con-"):
            return of == ("act" if code == "con+" else "ina")
        if low.group == "l":
            if high.group == "l":
                return low.sign == "z" and (low.place, low.orientation) == (high.place, high.orientation)
            return of == self._side(low)
        if low.group in ("k", "v") and low.sign == "z":
            return (low.group, low.place, low.orientation) == (high.group, high.place, high.orientation)
        return False

    def reaches(self, lower: Sequence[str], upper: Sequence[str]) -> bool:
        """Whether the equations between neurons (jumps at each site, slopes for class A) can be kept on the way.

        Neurons that do the same before and after change their share in both directions; a live or affine neuron whose
        share vanishes in the limit contributes a little of its own sign. The strata meet iff positive amounts of
        the latter add up to 0 modulo the former.

        Guarantee: if so, every point of the lower stratum is a limit of points of the upper one with neuron j going
            from upper[j] to lower[j]; if not, none is.
        """
        free: set[Move] = set()
        small: set[tuple[Move, int]] = set()
        for before, after in zip(upper, lower, strict=True):
            one = parse(before)
            if one.is_live:
                move = (one.group, int(one.place), one.orientation)
                if before == after:
                    free.add(move)
                else:
                    small.add((move, _SIGNS[one.sign]))
            elif before in ("act", "ina"):
                free.add(("slope", 0, ""))
            elif one.group == "l" and one.sign != "z" and not self._is_silent(one):
                if before == after:
                    free.add(("slope", 0, ""))
                else:
                    rising = (one.sign == "p") == (one.orientation == "+")
                    small.add((("slope", 0, ""), 1 if rising else -1))
        return _balances(self.class_a, frozenset(free), frozenset(small))

    def _is_silent(self, one: Code) -> bool:
        """A ReLU neuron with its breakpoint at an end that is not active inside."""
        return not self.leaky and (one.place, one.orientation) in (("a", "-"), ("b", "+"))

    def _side(self, one: Code) -> str:
        """What a neuron with its breakpoint at an end is on [a, b] when the breakpoint has left it."""
        if (one.place, one.orientation) in (("a", "+"), ("b", "-")):
            return "act"
        return "ina" if self.leaky else "dead"


@lru_cache(maxsize=65536)
def _balances(class_a: bool, free: frozenset[Move], small: frozenset[tuple[Move, int]]) -> bool:
    """Whether positive amounts of the small vectors add up to a combination of the free ones.

    The coordinates are the sums of jumps at the sites and, for class A, the slope in units in which a jump of a
    '-' neuron counts 1 (docs/strata.md, "Which roles go together").
    """
    if not small:
        return True
    sites = sorted({move[:2] for move in (*free, *(move for move, _ in small))})

    def vector(move: Move, sign: int = 1) -> Vector:
        row = [sign * int(move[:2] == site and site[0] != "slope") for site in sites]
        if not class_a:
            return (*row, 0)
        return (*row, -sign if move[0] == "slope" else sign if move[2] == "-" else 0)

    length = len(sites) + 1
    complement = orthogonal([vector(move) for move in free], length)
    rest = [tuple(sum(a * b for a, b in zip(row, vector(*one), strict=True)) for row in complement) for one in small]
    return isinstance(positive_combination(rest, (0,) * len(complement)), Combination)


@dataclass(frozen=True)
class Reflection:
    """x -> a + b - x on codes: orders reversed, orientations turned around, and v -> -v if the target is odd.

    Args:
        negates: whether h(a + b - x) = -h(x) + const (else h(x) + const).
        numbers: of kinks ("k"), virtual ("v") and flat ("f") sites of the function.
    """

    negates: bool
    numbers: Mapping[str, int]

    def image(self, code: str) -> str:
        """The code of the reflected neuron."""
        one = parse(code)
        sign = _NEGATED[one.sign] if one.sign and self.negates else one.sign
        if one.group == "l":
            return f"l{'b' if one.place == 'a' else 'a'}{_TURNED[one.orientation]}{sign}"
        if one.place:
            number = self.numbers[one.group] + 1 - int(one.place)
            return f"{one.group}{number}{_TURNED[one.orientation]}{'' if one.group == 'f' else sign}"
        if code in ("zerop", "zeron"):
            return f"zero{_NEGATED[code[-1]] if self.negates else code[-1]}"
        return code

    @cached_property
    def name(self) -> str:
        return "reflection and negation" if self.negates else "reflection"


def site_numbers(codes: Sequence[str]) -> dict[str, int]:
    """The number of kinks, virtual and flat sites that occur in a list of codes."""
    numbers = {"k": 0, "v": 0, "f": 0}
    for code in codes:
        one = parse(code)
        if one.group in numbers:
            numbers[one.group] = max(numbers[one.group], int(one.place))
    return numbers
