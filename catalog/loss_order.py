"""The order of the critical functions of a problem by loss, with ties decided exactly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from symbolic.enclosure import AlgebraicNumber, Ball, Number, bounds

BITS = 512


def compare_losses(one: Number, other: Number) -> int | None:
    """The sign of `one - other`; None where a ball does not decide it.

    Guarantee: decided for exact numbers. Two balls are never said to hold the same number.
    """
    if not isinstance(one, Ball) and not isinstance(other, Ball):
        if one == other:
            return 0
        if isinstance(one, AlgebraicNumber) and isinstance(other, AlgebraicNumber) and one.same_as(other):
            return 0
        # Different exact numbers separate.
        bits = BITS
        while (sign := _separated(one, other, bits)) is None:
            bits *= 2
        return sign
    return _separated(one, other, BITS)


def loss_ranks(
    losses: Mapping[str, Number], equal: Iterable[tuple[str, str]] = ()
) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """The rank of each function by loss, 0 for the least; equal losses have the same rank.

    Args:
        losses: by label of the function.
        equal: pairs of functions whose losses are proved equal, as mirror images of each other are.

    Returns:
        The ranks, and pairs of one rank that are not decided: the enclosures of their losses overlap.
    """
    proved = {frozenset(pair) for pair in equal}
    ordered = sorted(losses, key=lambda label: bounds(losses[label], BITS)[0])
    ranks: dict[str, int] = {}
    undecided: list[tuple[str, str]] = []
    level: list[str] = []
    rank = -1
    for label in ordered:
        signs = [_sign(losses, label, other, proved) for other in level]
        if not level or all(sign == 1 for sign in signs):
            level, rank = [], rank + 1
        else:
            undecided += [(other, label) for other, sign in zip(level, signs, strict=True) if sign != 0]
        level.append(label)
        ranks[label] = rank
    return ranks, undecided


def _sign(losses: Mapping[str, Number], one: str, other: str, proved: set[frozenset[str]]) -> int | None:
    return 0 if frozenset((one, other)) in proved else compare_losses(losses[one], losses[other])


def _separated(one: Number, other: Number, bits: int) -> int | None:
    (low, high), (bottom, top) = bounds(one, bits), bounds(other, bits)
    if low > top:
        return 1
    return -1 if high < bottom else None
