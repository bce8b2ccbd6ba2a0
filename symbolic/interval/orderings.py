"""Breakpoint-ordering regions of the interval family, their walls, and the functions in their closures.

With p_j = w_j a + b_j and q_j = w_j b + b_j the values of neuron j's pre-activation at the ends of [a, b],
the four states of a neuron are the four open quadrants of its (p, q)-plane:

    "+": p < 0 < q      "-": q < 0 < p      "active": p, q > 0      "inactive": p, q < 0,

and in the first two its breakpoint t_j = -b_j/w_j lies in (a, b). A *region* fixes the states and the order
of the interior breakpoints; on it the loss is one rational function. Everything here is up to permutation of
neurons.

The boundary of a region is made of
- ties t_i = t_j of interior breakpoints; equal orientations separate a region from itself with i and j
  exchanged;
- breakpoints at an end: p_j = 0 or q_j = 0, where "+" and "-" meet "active" and "inactive";
- degenerate neurons w_j = b_j = 0 (the origin of the plane): codimension 2, in the closure of every state.
Nothing else is a boundary. In particular w_j = 0 is not one (an active neuron may change the sign of w inside
its region), and "active" and "inactive" meet only at the origin: a neuron passes from one to the other
through it, or by its breakpoint crossing [a, b].
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations_with_replacement, permutations, product
from math import factorial, prod
from typing import TYPE_CHECKING

from symbolic.errors import InvalidProblem
from symbolic.interval.problem import check_width

if TYPE_CHECKING:
    from symbolic.interval.functions import IntervalFunction


@dataclass(frozen=True)
class Region:
    """An open breakpoint-ordering region, in canonical numbering.

    Neurons 1..k have interior breakpoints in increasing order with the orientations `word`; then come the
    fully active neurons, then the inactive ones.

    Attributes:
        word: k letters "+" (w > 0) or "-" (w < 0).
        active: number of neurons with w x + b > 0 on [a, b].
        inactive: number of neurons with w x + b < 0 on [a, b].

    Example:
        >>> Region("+-", 1, 0).neurons, Region("+-", 1, 0).order, Region("+-", 1, 0).label
        (('+', '-', 'active'), (1, 2), 'r:+-a')
    """

    word: str
    active: int
    inactive: int

    def __post_init__(self) -> None:
        if set(self.word) - {"+", "-"} or self.active < 0 or self.inactive < 0:
            raise InvalidProblem(f"a region must be a word in + and - and two counts, not {self.word!r}")

    @property
    def width(self) -> int:
        return len(self.word) + self.active + self.inactive

    @property
    def neurons(self) -> tuple[str, ...]:
        """State of neurons 1..n: "+", "-", "active" or "inactive"."""
        return (*self.word, *("active",) * self.active, *("inactive",) * self.inactive)

    @property
    def order(self) -> tuple[int, ...]:
        """Numbers of the neurons with interior breakpoints, by increasing breakpoint."""
        return tuple(range(1, len(self.word) + 1))

    @property
    def label(self) -> str:
        """Permanent name within its width: `r:` and one letter per neuron (a active, i inactive)."""
        return "r:" + self.word + "a" * self.active + "i" * self.inactive

    @classmethod
    def from_label(cls, label: str) -> Region:
        """The region that `label` names.

        Raises:
            InvalidProblem: the text is not a region label.
        """
        letters = label.removeprefix("r:")
        word = letters.rstrip("ai")
        if not label.startswith("r:") or not letters or set(word) - {"+", "-"}:
            raise InvalidProblem(f"{label!r} must be a region label such as r:+-ai")
        region = cls(word, letters.count("a"), letters.count("i"))
        if region.label != label:
            raise InvalidProblem(f"{label!r} must list the states in the order of {region.label!r}")
        return region

    @property
    def orbit_size(self) -> int:
        """Number of regions of numbered neurons that it stands for: n! / (active! inactive!)."""
        return factorial(self.width) // (factorial(self.active) * factorial(self.inactive))

    @property
    def face(self) -> Face:
        """The region as a face of codimension 0."""
        return Face("", tuple(self.word), "", self.active, self.inactive)


@dataclass(frozen=True)
class Face:
    """A relatively open face: which breakpoints tie, which sit at an end of [a, b], which neurons vanish.

    Attributes:
        start, end: orientations of the neurons with breakpoint at a, at b ("+" before "-").
        ties: for each distinct interior breakpoint, in increasing order, the orientations of the neurons
        there.
        active, inactive: numbers of neurons of these states.
        degenerate: number of neurons with w = b = 0.

    Guarantee: every (w, b) of width n lies in exactly one face of width n up to permutation (`locate`).
    """

    start: str
    ties: tuple[str, ...]
    end: str
    active: int
    inactive: int
    degenerate: int = 0

    def __post_init__(self) -> None:
        for tie in (self.start, *self.ties, self.end):
            if tie != _sorted(tie) or set(tie) - {"+", "-"}:
                raise InvalidProblem(f"a tie must be written with + before -, not {tie!r}")
        if not all(self.ties) or min(self.active, self.inactive, self.degenerate) < 0:
            raise InvalidProblem("a face must have non-empty ties and counts that are not negative")

    @property
    def width(self) -> int:
        at_breakpoints = len(self.start) + sum(map(len, self.ties)) + len(self.end)
        return at_breakpoints + self.active + self.inactive + self.degenerate

    @property
    def codimension(self) -> int:
        """One for each neuron at an end and each further neuron of a tie, two for each degenerate neuron."""
        coincidences = sum(len(tie) - 1 for tie in self.ties)
        return len(self.start) + len(self.end) + coincidences + 2 * self.degenerate

    @property
    def orbit_size(self) -> int:
        """Number of faces of numbered neurons that it stands for."""
        groups = [tie.count(mark) for tie in (self.start, *self.ties, self.end) for mark in "+-"]
        groups += [self.active, self.inactive, self.degenerate]
        return factorial(self.width) // prod(factorial(size) for size in groups)

    @property
    def label(self) -> str:
        """`f:` and, joined by dots: s with what is at a, the ties, e with what is at b, then a, i, z."""
        parts = ["s" + self.start] if self.start else []
        parts += self.ties
        parts += ["e" + self.end] if self.end else []
        others = "a" * self.active + "i" * self.inactive + "z" * self.degenerate
        return "f:" + ".".join(parts + ([others] if others else []))

    def regions(self) -> tuple[Region, ...]:
        """All regions whose closure holds the face, in canonical order.

        A neuron at a with "+" (p = 0 < q) opens to "+" or active, with "-" to "-" or inactive; at b "+" opens
        to "+" or inactive, "-" to "-" or active; the neurons of a tie take any order; a degenerate neuron any
        state.
        """
        choices: list[set[tuple[str, int, int]]] = [_opened(self.start, "+")]
        choices += [{("".join(order), 0, 0) for order in permutations(tie)} for tie in self.ties]
        choices.append(_opened(self.end, "-"))
        found = set()
        for parts in product(*choices):
            word = "".join(part[0] for part in parts)
            active = self.active + sum(part[1] for part in parts)
            inactive = self.inactive + sum(part[2] for part in parts)
            found.add(Region(word, active, inactive))
        for _ in range(self.degenerate):
            found = {grown for region in found for grown in _with_one_more(region)}
        return tuple(sorted(found, key=_region_key))


@dataclass(frozen=True)
class Wall:
    """A face of codimension 1 and the two regions it separates (equal if they are so up to permutation).

    Attributes:
        face: the wall.
        kind: "tie", "start" (a breakpoint passes a) or "end" (a breakpoint passes b).
        regions: both sides; for "start" and "end" the side with the breakpoint inside [a, b] comes first.

    Guarantee: the loss is of class C^`smoothness` across the wall, for every target and leak, and no smoother
        in general. Tie of neurons 1, 2: the formula for t_1 <= t_2 exceeds the one for t_2 <= t_1 by exactly
        -D_1 D_2 (t_1 - t_2)^3/3, where D = (1 - g) v |w|: the two integrands differ between t_1 and t_2 only.
        Start and end: the formulas differ by D r(e) (t - e)^2 up to sign and terms of third order, e the end passed.
    """

    face: Face
    kind: str
    regions: tuple[Region, Region]

    @property
    def smoothness(self) -> int:
        return 2 if self.kind == "tie" else 1


def regions(width: int) -> tuple[Region, ...]:
    """All open regions of width n up to permutation, 2^(n+2) - n - 3 of them, in canonical order.

    The order is by number of interior breakpoints, then orientations ("+" before "-"), then more active
    neurons first.

    Raises:
        InvalidProblem: the width is not one that can be surveyed.
    """
    check_width(width)
    return tuple(
        Region("".join(word), active, width - k - active)
        for k in range(width + 1)
        for word in product("+-", repeat=k)
        for active in range(width - k, -1, -1)
    )


def faces(width: int, codimension: int | None = None) -> tuple[Face, ...]:
    """All faces of width n up to permutation (of one codimension, if given), in canonical order.

    Guarantee: their number is the coefficient of x^n in 1/((1 - 4x + 2x^2)(1 - x)^5). (An interior tie is a
    non-empty multiset of orientations, counted by (1-x)^-2 - 1; a sequence of ties by (1-x)^2/(1 - 4x +
    2x^2); each end by (1-x)^-2; each of active, inactive and degenerate by (1-x)^-1.)
    """
    check_width(width)
    found = [
        Face(start, ties, end, active, inactive, degenerate)
        for sizes in _compositions(width, 6)
        for degenerate, inactive, active in [sizes[:3]]
        for start in _marks(sizes[3])
        for end in _marks(sizes[4])
        for ties in _tie_sequences(sizes[5])
    ]
    kept = [face for face in found if codimension is None or face.codimension == codimension]
    return tuple(sorted(kept, key=_face_key))


def adjacency(width: int) -> tuple[Wall, ...]:
    """All walls of width n up to permutation, each once, with their two regions and their smoothness."""
    return tuple(wall_of(face) for face in faces(width, 1))


def wall_of(face: Face) -> Wall:
    """The wall that a face of codimension 1 is.

    Raises:
        InvalidProblem: the face has another codimension.
    """
    if face.codimension != 1:
        raise InvalidProblem(f"a wall has codimension 1, not {face.codimension}")
    word = "".join(face.ties)
    if not face.start and not face.end:
        swapped = "".join(tie[::-1] for tie in face.ties)
        sides = (Region(word, face.active, face.inactive), Region(swapped, face.active, face.inactive))
        return Wall(face, "tie", sides)
    mark = face.start or face.end
    leaves_active = mark == ("+" if face.start else "-")
    inside = Region(mark + word if face.start else word + mark, face.active, face.inactive)
    outside = Region(word, face.active + leaves_active, face.inactive + (not leaves_active))
    return Wall(face, "start" if face.start else "end", (inside, outside))


def locate(
    weights: Sequence[Fraction], biases: Sequence[Fraction], domain: tuple[Fraction, Fraction]
) -> tuple[Face, tuple[int, ...]]:
    """The face that holds (w, b), and the neurons (counted from 1) in its canonical order.

    The canonical order is: breakpoints at a, interior breakpoints increasing, breakpoints at b ("+" before
    "-" at one place, then by number), active, inactive, degenerate.

    Guarantee: exact; a parameter in an open region gives a face of codimension 0.

    Example:
        >>> one, half, third = Fraction(1), Fraction(1, 2), Fraction(1, 3)
        >>> face, order = locate([one, -one], [-half, third], (Fraction(0), one))
        >>> face.ties, order
        (('-', '+'), (2, 1))
    """
    places: dict[Fraction, list[tuple[str, int]]] = {}
    active, inactive, degenerate = [], [], []
    start, end = domain
    for number, (weight, bias) in enumerate(zip(weights, biases, strict=True), start=1):
        at_start, at_end = weight * start + bias, weight * end + bias
        if at_start == at_end == 0:
            degenerate.append(number)
        elif at_start > 0 and at_end > 0:
            active.append(number)
        elif at_start < 0 and at_end < 0:
            inactive.append(number)
        else:
            places.setdefault(-bias / weight, []).append(("+" if weight > 0 else "-", number))
    ordered = {place: sorted(places[place]) for place in sorted(places)}
    marks = {place: "".join(mark for mark, _ in group) for place, group in ordered.items()}
    ties = tuple(tie for place, tie in marks.items() if start < place < end)
    counts = len(active), len(inactive), len(degenerate)
    face = Face(marks.get(start, ""), ties, marks.get(end, ""), *counts)
    numbers = [number for group in ordered.values() for _, number in group]
    return face, (*numbers, *active, *inactive, *degenerate)


def closure_realizes(
    region: Region,
    knots: int,
    pattern: str | None,
    realizations: Sequence[str],
    function_class: str,
    leak_is_zero: bool,
) -> bool:
    """Whether a differentiable critical point in the closure of the region realizes the function.

    Let o be the word of the region and k its length. Class B with pattern p: iff p is a subsequence of o.
    Class A with m knots: iff k >= m + 1; or k >= m and there is an active neuron, or for positive leak an
    inactive one; or some coincidence pattern is a subsequence of o.

    Args:
        region: the region, up to permutation.
        knots: m, the number of kinks of the function.
        pattern: for class B the orientation of each kink.
        realizations: for class A the patterns with one neuron per kink that realize it (for m = 0: `("",)` if
            and only if the best affine function is constant).
        function_class: "A" (moment 0) or "B" (moment not 0).
        leak_is_zero: ReLU (True) or positive leak.

    Guarantee:
        Both answers are proved. The closure holds (w, b) if and only if every (p_j, q_j) lies in the closed
        quadrant of its state and the neurons that are not zero keep their order weakly; a neuron w = b = 0
        imposes nothing, being a limit of neurons with any breakpoint, and with v = 0 the loss is
        differentiable there and stationary in that neuron. So any neuron can be dropped. A neuron with an
        interior breakpoint has the state of its orientation in the region. A degenerate neuron with v != 0 is
        differentiable only if f equals the target, and adds nothing to f. Hence k >= m is necessary, each
        kink needing a neuron of its own.

        Class B: M != 0 admits at each kink one orientation only, p_i, and
        no affine neuron with v != 0; so the neurons at the kinks spell p in increasing order. Conversely one
        neuron at each kink realizes f.

        Class A: M = 0, every neuron at a kink and every affine one is
        critical, and f is realized as soon as the slopes can be matched: by an affine neuron (its slope is
        free), by a kink with both orientations (the split of its jump is free), or by a coincidence. If k >=
        m + 1: a last letter "-" is put at b, or a first letter "+" at a, where that neuron is active on [a,
        b], and m of the others go to the kinks. Otherwise o starts with "-" and ends with "+", so it has
        neighbours "-+", with B letters before and A after, A + B = k - 2 >= m - 1. For m >= 1 put both at
        kink j, j - 1 = min(B, m - 1): B letters before suffice for the j - 1 kinks to the left, and A >= m -
        j for those to the right. For m = 0 this case does not arise: drop all neurons but one, which is put
        at the end where it is active. If k = m every letter sits alone at its kink, and only an affine neuron
        of the region or a coincidence with the pattern o remains; inactive ReLU neurons add nothing.

    Raises:
        InvalidProblem: an unknown class, or class B without a pattern of m letters.
    """
    k = len(region.word)
    if function_class == "B":
        if pattern is None or len(pattern) != knots:
            raise InvalidProblem(f"class B with {knots} kinks must have a pattern of them, not {pattern!r}")
        return _is_subsequence(pattern, region.word)
    if function_class != "A":
        raise InvalidProblem(f"the class must be A or B, not {function_class!r}")
    affine_neuron = region.active > 0 or (not leak_is_zero and region.inactive > 0)
    if k >= knots + 1 or (k >= knots and affine_neuron):
        return True
    return any(_is_subsequence(realization, region.word) for realization in realizations)


def realized_in_closure(region: Region, function: IntervalFunction, leak_is_zero: bool) -> bool:
    """`closure_realizes` for a record (class A without kinks and of minimal width 0 is the constant)."""
    constant = function.function_class == "A" and not function.kinks and function.minimal_width == 0
    realizations = (*function.realizations, "") if constant else function.realizations
    return closure_realizes(
        region, len(function.kinks), function.pattern, realizations, function.function_class, leak_is_zero
    )


def _is_subsequence(short: str, long: str) -> bool:
    letters = iter(long)
    return all(letter in letters for letter in short)


def _sorted(marks: str) -> str:
    return "".join(sorted(marks))


def _marks(size: int) -> Iterator[str]:
    return ("".join(marks) for marks in combinations_with_replacement("+-", size))


def _compositions(total: int, parts: int) -> Iterator[tuple[int, ...]]:
    """Tuples of `parts` natural numbers with the given sum."""
    if parts == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in _compositions(total - first, parts - 1):
            yield (first, *rest)


def _tie_sequences(size: int) -> Iterator[tuple[str, ...]]:
    """Sequences of non-empty ties with `size` neurons in all."""
    if size == 0:
        yield ()
        return
    for first in range(1, size + 1):
        for tie in _marks(first):
            for rest in _tie_sequences(size - first):
                yield (tie, *rest)


def _opened(tie: str, active_mark: str) -> set[tuple[str, int, int]]:
    """Ways to open an end: the word of the neurons that enter (a, b), the new active and inactive ones."""
    found = set()
    for stays in product((False, True), repeat=len(tie)):
        inside = [mark for mark, inner in zip(tie, stays, strict=True) if inner]
        outside = [mark for mark, inner in zip(tie, stays, strict=True) if not inner]
        active = outside.count(active_mark)
        for order in permutations(inside):
            found.add(("".join(order), active, len(outside) - active))
    return found


def _with_one_more(region: Region) -> Iterator[Region]:
    """The region with one neuron more, in every state and at every place."""
    yield Region(region.word, region.active + 1, region.inactive)
    yield Region(region.word, region.active, region.inactive + 1)
    for i in range(len(region.word) + 1):
        for mark in "+-":
            yield Region(region.word[:i] + mark + region.word[i:], region.active, region.inactive)


def _region_key(region: Region) -> tuple[int, str, int]:
    return len(region.word), region.word, -region.active


def _face_key(face: Face) -> tuple[int, int, tuple[str, ...], str, str, int, int]:
    ties = (len(face.ties), face.ties, face.start, face.end)
    return (face.codimension, *ties, -face.active, -face.inactive)
