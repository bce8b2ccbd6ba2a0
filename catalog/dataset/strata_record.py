"""Packed strata of data sets: types of neurons by their codes, and the numbers of all samples written once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from catalog.errors import CatalogError
from catalog.packed_strata import PackedStrata, codes_of
from catalog.record import Record
from catalog.strata_record import Packing, StrataVocabulary, stratum_facts
from symbolic.enclosure import Verdict

if TYPE_CHECKING:
    from symbolic.dataset.problem import DatasetProblem
    from symbolic.dataset.strata import DatasetStratum

_STATES = (("+", "active at"), ("-", "inactive at"), ("0", "on the kink of"))
_SIGNS = {1: "a > 0", -1: "a < 0", 0: "a = 0"}


def pack(
    problem: DatasetProblem, residuals: Mapping[str, Sequence[Fraction]], strata: Sequence[DatasetStratum]
) -> PackedStrata:
    """The strata of one problem and width in packed form.

    Args:
        problem: their problem.
        residuals: of each function, by label.
        strata: in their order.

    `hessian` is "yes" where the index is proved, "no" where L is proved not to be twice differentiable, else
    "undecided". The index may be known where the nullity is not.

    Raises:
        CatalogError: two strata of one label, or a label that does not say the types of its neurons.
    """
    packing, rough = Packing(problem.name), Roughness(problem, residuals)
    for stratum in strata:
        for neuron in stratum.neurons:
            if neuron.code not in packing.roles:
                packing.roles[neuron.code] = neuron_words(neuron.pattern, neuron.sign)
        packing.add(_packed_row(packing, stratum, rough.hessian_of(stratum)), stratum.orbit_size)
    return packing.packed()


class Roughness:
    """Where L is proved not to be twice differentiable, over the functions of one data set.

    At a point that is stationary in Clarke's sense but not in the directional one L is not differentiable. Else let a
    neuron lie on the kink of a sample x_k that is not 0 and no multiple of another one, and move it to w_j + t v,
    a_j + s. With c_l = <v, x_l>, l over the samples on whose kinks it lies, max(t c_l, 0) = (t c_l + |t c_l|)/2. So L
    has the part -(a_j + s) |t| h(v)/(2n), h(v) = sum_l r_l |c_l|, and where h(v) = 0 its second derivatives in t on the
    two sides of 0 differ by a_j^2 sum_l c_l |c_l| / n. The second sum, and h if r_k != 0, is not smooth in v across
    <v, x_k> = 0, because no other x_l has this wall: it is not 0 for some v.
    """

    def __init__(self, problem: DatasetProblem, residuals: Mapping[str, Sequence[Fraction]]) -> None:
        samples = problem.samples
        self._residuals = residuals
        self._alone = [
            any(one) and not any(k != j and any(x) and _are_parallel(one, x) for j, x in enumerate(samples))
            for k, one in enumerate(samples)
        ]

    def hessian_of(self, stratum: DatasetStratum) -> str:
        """"yes", "no" or "undecided": whether there is a Hessian whose index was proved."""
        if stratum.index is not None:
            return "yes"
        if stratum.stationarity.directional is Verdict.NO:
            return "no"
        residuals = self._residuals[stratum.function]
        rough = any(
            letter == "0" and alone and (neuron.sign != 0 or residual != 0)
            for neuron in stratum.neurons
            for letter, alone, residual in zip(neuron.pattern, self._alone, residuals, strict=True)
        )
        return "no" if rough else "undecided"


def _are_parallel(one: Sequence[Fraction], other: Sequence[Fraction]) -> bool:
    return all(one[i] * other[j] == one[j] * other[i] for i in range(len(one)) for j in range(i))


def neuron_words(pattern: str, sign: int) -> dict[str, Any]:
    """What a neuron of one type does: `{"does", "pattern", "sign"}`."""
    parts = []
    for state, words in _STATES:
        samples = [str(k) for k, letter in enumerate(pattern, start=1) if letter == state]
        if samples:
            parts.append(f"{words} {', '.join(samples)}")
    return {"does": f"{'; '.join(parts)}; {_SIGNS[sign]}", "pattern": pattern, "sign": sign}


class DatasetWords(StrataVocabulary):
    """Numbers and types of strata of data sets."""

    def row(self, packed: Mapping[str, Any]) -> Record:
        """The row a query answers for a stratum; the numbers of its sample are exact texts."""
        return {
            "label": packed["label"],
            "problem": packed["problem"],
            **self._facts(packed),
            "neurons": self.neurons(codes_of(packed["label"])),
            "sample": self._sample(packed),
        }

    def record(self, packed: Mapping[str, Any]) -> Record:
        """The flat record of a packed row."""
        return {
            "label": packed["label"],
            **self._facts(packed),
            "roles": codes_of(packed["label"]),
            "sample": self._sample(packed),
        }

    def _facts(self, packed: Mapping[str, Any]) -> Record:
        return stratum_facts(packed) | {name: packed[name] for name in ("orbit_size", "rigor")}

    def _sample(self, packed: Mapping[str, Any]) -> Record:
        parts = packed["sample"].split(";")
        inner, outer = ([self.records[int(i)]["rational"] for i in part.split()] for part in parts)
        if not outer or len(inner) % len(outer):
            raise CatalogError(f"the stored sample of {packed['label']} is malformed")
        length = len(inner) // len(outer)
        return {"w": [inner[i : i + length] for i in range(0, len(inner), length)], "a": outer}


def _packed_row(packing: Packing, stratum: DatasetStratum, hessian: str) -> dict[str, Any]:
    if codes_of(stratum.label) != [neuron.code for neuron in stratum.neurons]:
        raise CatalogError(f"the label {stratum.label} does not say the types of its neurons")
    inner = [value for weights in stratum.sample_w for value in weights]
    sample = ";".join(packing.positions(group) for group in (inner, stratum.sample_a))
    return packing.row(stratum, negative=stratum.index, hessian=hessian, sample=sample)
