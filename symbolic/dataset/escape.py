"""The directions in which small neurons escape from a point with residual r: stable extremal directions of G_r.

A neuron with |a| = |w| small beside the rest moves by w' = a D_{A(w)} with r fixed, where A(w) are the samples on which
it is active and D_B = (1/n) sum_{k in B} r_k x_k. So its direction climbs sign(a) G_r on the sphere, where
G_r(v) = (1/n) sum_k r_k max(<v, x_k>, 0), and at a maximum v of value rho > 0 it grows like exp(rho t).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import fmpq_mat

from symbolic.dataset.patterns import Arrangement, Face, is_face_of, pattern_of
from symbolic.enclosure import to_fmpq, to_fraction
from symbolic.exact.square_roots import RootSum

Vector = tuple[Fraction, ...]


@dataclass(frozen=True)
class EscapeDirection:
    """A direction in which small neurons settle and grow.

    Attributes:
        sign: of a.
        side: pattern of the open face P in which the neurons are: the side labels.
        pattern: of the direction; where it is "0" and `side` is not, the neurons come ever nearer to the kink, relative
            to their size, and keep to their side of it.
        direction: v* itself, of length `rate`: the projection of sign * D_A on the span of P.
        rate_squared: rho^2 = |v*|^2.
    """

    sign: int
    side: str
    pattern: str
    direction: Vector
    rate_squared: Fraction

    @property
    def rate(self) -> RootSum:
        """rho = sign * G_r(v*) / |v*|."""
        return RootSum.square_root(self.rate_squared)


def escape_directions(
    arrangement: Arrangement, samples: Sequence[Vector], residuals: Sequence[Fraction]
) -> tuple[EscapeDirection, ...]:
    """All strict local maxima of s G_r / |.| with positive value, for s = 1 and s = -1.

    Args:
        arrangement: of the samples.
        samples: x_k, as the neurons see them.
        residuals: r.

    Returns:
        Sorted by sign (1 first), then by falling rate, then pattern.

    Guarantee: exact and complete. On an open face F, with active samples A, s G_r is the linear form <s D_A, .>, whose
        restriction to the span of F has on the sphere the one maximum v* / |v*|, v* = P_F(s D_A), and no other critical
        point of positive value. Near v* every w is alpha v*/|v*| + f + nu with f in the span of F orthogonal to v*,
        and nu normal to the span, and s G_r(w) = alpha |v*| + s G_r'(v*; nu) exactly, since G_r is linear on the
        cones F + small vectors. If s G_r' <= 0 on all normals, s G_r(w) <= alpha |v*|, and on the sphere alpha < 1
        unless w = v*/|v*|: a strict maximum, also where s G_r'(v*; nu) = 0. If s G_r'(v*; nu) > 0 for one nu, it is not
        a maximum. nu -> G_r'(v*; nu) is linear on each cone of the normal fan, whose rays are the normal parts of
        generators of the faces that cover F: it is <= 0 everywhere if and only if it is so there.

    Reference: derived here.
    """
    every = _directions(arrangement, samples, residuals)
    return tuple(one for one in every if one.side == one.pattern)


def attractors(
    arrangement: Arrangement, samples: Sequence[Vector], residuals: Sequence[Fraction]
) -> tuple[EscapeDirection, ...]:
    """The directions in which small neurons settle, one-sided ones included, with the side labels they arrive with.

    A neuron in the open face P whose v* = P_P(s D_A) lies in the closure of P, not 0, stays in P and settles at v*,
    since w + c v* stays in P. Neurons near P stay or come back if s G_r' <= 0 on the covering faces of P.

    Args, Returns: as for `escape_directions`, which are the ones with side = pattern.

    Guarantee: exact. Every limit of a growing small neuron that an open set of initial directions has is in the list,
        with the face in which the neuron ends. Left out are faces P that are left by a neuron near them, and those with
        two opposite covering faces on which s G_r' = 0: no neuron beside such a face comes to it.

    Reference: derived here.
    """
    found = []
    for one in _directions(arrangement, samples, residuals):
        face = arrangement.by_pattern[one.side]
        slopes = _slopes(arrangement, face, samples, residuals, one.sign)
        level = {pattern for pattern, slope in slopes.items() if slope == 0}
        if not any(_opposite(one.side, pattern) in level for pattern in level):
            found.append(one)
    return tuple(found)


def drive(pattern: str, samples: Sequence[Vector], residuals: Sequence[Fraction]) -> Vector:
    """D_A = (1/n) sum over the samples marked + of r_k x_k."""
    active = [(r, x) for r, x, letter in zip(residuals, samples, pattern, strict=True) if letter == "+"]
    count = len(samples)
    return tuple(sum((r * x[i] for r, x in active), Fraction(0)) / count for i in range(len(samples[0])))


def project_off(vector: Vector, normals: Sequence[Vector]) -> Vector:
    """The projection of a vector on the orthogonal complement of some vectors, exactly."""
    rows = [row for row in normals if any(row)]
    if not rows:
        return vector
    reduced, rank = fmpq_mat([[to_fmpq(value) for value in row] for row in rows]).rref()
    basis = fmpq_mat([[reduced[i, j] for j in range(len(vector))] for i in range(rank)])
    column = fmpq_mat([[to_fmpq(value)] for value in vector])
    part = basis.transpose() * (basis * basis.transpose()).solve(basis * column)
    return tuple(value - to_fraction(part[i, 0]) for i, value in enumerate(vector))


def dot(left: Sequence[Fraction | int], right: Sequence[Fraction | int]) -> Fraction:
    return Fraction(sum(a * b for a, b in zip(left, right, strict=True)))


def _kinks(pattern: str, samples: Sequence[Vector]) -> list[Vector]:
    return [sample for sample, letter in zip(samples, pattern, strict=True) if letter == "0"]


def _directions(
    arrangement: Arrangement, samples: Sequence[Vector], residuals: Sequence[Fraction]
) -> tuple[EscapeDirection, ...]:
    """The faces P with v* in their closure, not 0, and s G_r' <= 0 on their covering faces."""
    found = []
    for sign in (1, -1):
        here = []
        for face in arrangement.faces:
            if "+" not in face.pattern:
                continue
            climb = tuple(sign * value for value in drive(face.pattern, samples, residuals))
            direction = project_off(climb, _kinks(face.pattern, samples))
            pattern = pattern_of(direction, samples)
            if not any(direction) or not is_face_of(pattern, face.pattern):
                continue
            if max(_slopes(arrangement, face, samples, residuals, sign).values(), default=0) <= 0:
                here.append(EscapeDirection(sign, face.pattern, pattern, direction, dot(direction, direction)))
        found += sorted(here, key=lambda one: (-one.rate_squared, one.pattern, one.side))
    return tuple(found)


def _slopes(
    arrangement: Arrangement, face: Face, samples: Sequence[Vector], residuals: Sequence[Fraction], sign: int
) -> dict[str, Fraction]:
    """By pattern of each covering face: s G_r'(w; nu), w in the face, nu the normal part of a generator."""
    kinks = _kinks(face.pattern, samples)
    slopes = {}
    for above in arrangement.covers(face):
        generator = tuple(Fraction(sum(ray[i] for ray in above.rays)) for i in range(arrangement.dimension))
        along = project_off(generator, kinks)
        normal = tuple(a - b for a, b in zip(generator, along, strict=True))
        # A neuron at w + small nu has the pattern of the covering face.
        slopes[above.pattern] = sign * dot(drive(above.pattern, samples, residuals), normal)
    return slopes


def _opposite(face: str, above: str) -> str:
    """The pattern on the other side of the face."""
    return "".join(b if a != "0" else {"+": "-", "-": "+"}.get(b, "0") for a, b in zip(face, above, strict=True))
