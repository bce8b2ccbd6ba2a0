"""Flat records of critical strata, and the packed form in which the database keeps thousands of them.

The strata of one problem and width have a few hundred different numbers and roles among them: these are written once,
and each packed row refers to them by position.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from catalog.errors import CatalogError
from catalog.number_text import exact_form, number_record
from catalog.record import Record, from_text, to_text
from symbolic.enclosure import Number

if TYPE_CHECKING:
    from symbolic.interval.strata.roles import Role
    from symbolic.interval.strata.strata import Stratum

WHOLE = "all"
"""The code of the one stratum over a function that is the target itself: its neurons have no roles of their own."""

NOTIONS = ("smooth", "directional", "clarke")
SAMPLE_PARTS = ("w", "b", "v")


@dataclass(frozen=True)
class PackedStrata:
    """The strata of one problem and width: rows of the database, and what they refer to by position or by code.

    Attributes:
        rows: one per stratum, in their order.
        numbers: the flat records of the numbers of all samples, each once, as texts.
        roles: what each role does and its type in [CJR22], by code.
        counts: how many strata and labelled assignments there are of each function, notion, kind and index.
    """

    rows: tuple[dict[str, Any], ...]
    numbers: tuple[str, ...]
    roles: dict[str, dict[str, str | None]]
    counts: tuple[dict[str, Any], ...]


def stratum_record(stratum: Stratum) -> Record:
    """The flat form of a stratum. `roles` are codes; what they mean is said by `role_words`.

    `index`, `nullity` and `positive` are the inertia, null where there is none or it was not proved; `hessian` tells
    these apart ("yes", "no": L is not twice differentiable on all of the stratum, "undecided").
    """
    inertia, sample = stratum.inertia, stratum.sample
    return {
        "label": stratum.label,
        "function": stratum.function,
        "width": stratum.width,
        "kind": stratum.kind.value,
        "reason": stratum.reason,
        "index": None if inertia is None else inertia.negative,
        "nullity": None if inertia is None else inertia.zero,
        "positive": None if inertia is None else inertia.positive,
        "hessian": hessian_of(stratum),
        "dimension": stratum.dimension,
        "gauge_dimension": stratum.gauge_dimension,
        "orbit_size": stratum.orbit_size,
        "stationarity": {name: getattr(stratum.stationarity, name).value for name in NOTIONS},
        "roles": _codes(stratum),
        "sample": {
            "w": [number_record(value) for value in sample.w],
            "b": [number_record(value) for value in sample.b],
            "v": [number_record(value) for value in sample.v],
            "c": number_record(sample.c),
        },
        "rigor": stratum.rigor.value,
    }


def role_words(roles: Iterable[Role]) -> dict[str, dict[str, str | None]]:
    """`{code: {"does", "cjr22"}}`: what a neuron of this role does, and its type in the words of [CJR22]."""
    return {role.code: {"does": _does(role), "cjr22": role.cjr_type} for role in roles}


def hessian_of(stratum: Stratum) -> str:
    """Whether the Hessian exists on the stratum and its inertia was proved: "yes", "no" (it does not exist), or
    "undecided" (the inertia, or whether there is one, could not be proved)."""
    from symbolic.interval.strata.roles import RoleKind

    if stratum.inertia is not None:
        return "yes"
    if "could not be proved" in stratum.reason:
        return "undecided"
    if stratum.roles is None:
        return "no"
    ends = (RoleKind.SILENT_END, RoleKind.ACTIVE_END)
    degenerate = (RoleKind.ZERO, RoleKind.ZERO_LIVE)
    rough = any(role.kind in degenerate or (role.kind in ends and role.v_sign) for role in stratum.roles)
    return "no" if rough else "undecided"


def pack(problem: str, strata: Sequence[Stratum]) -> PackedStrata:
    """The strata of one problem and width in packed form; `unpack` of each row is its `stratum_record`.

    Raises:
        CatalogError: one code with two meanings, or two strata of one label.
    """
    numbers: dict[Number, int] = {}
    roles: dict[str, dict[str, str | None]] = {}
    known: dict[str, tuple[object, ...]] = {}
    counts: Counter[tuple[Any, ...]] = Counter()
    labelled: Counter[tuple[Any, ...]] = Counter()
    rows = []
    for stratum in strata:
        for role in stratum.roles or ():
            facts = (role.kind, role.end, role.orientation, role.v_sign)
            if known.setdefault(role.code, facts) != facts:
                raise CatalogError(f"the code {role.code} of a role has two meanings in {problem}")
            if role.code not in roles:
                roles |= role_words([role])
        if stratum.roles is None:
            roles[WHOLE] = {"does": "the neurons together realize the target, in any way", "cjr22": None}
        row = _packed_row(problem, stratum, numbers)
        rows.append(row)
        key = (row["function"], row["listed"], row["kind"], row["negative"], row["hessian"])
        counts[key] += 1
        labelled[key] += stratum.orbit_size
    if len({row["label"] for row in rows}) != len(rows):
        raise CatalogError(f"two strata of {problem} have the same label")
    names = ("function", "listed", "kind", "negative", "hessian")
    return PackedStrata(
        tuple(rows),
        tuple(to_text(number_record(number)) for number in numbers),
        roles,
        tuple(
            {"problem": problem, "width": strata[0].width, **dict(zip(names, key, strict=True)),
             "strata": count, "labelled": labelled[key]}
            for key, count in counts.items()
        ),
    )


def unpack(row: Mapping[str, Any], numbers: Sequence[Record]) -> Record:
    """The flat record of a packed row; `numbers` are the flat records it refers to."""
    parts = _positions(row)
    return {
        **{name: row[name] for name in ("label", "function", "width", "kind", "reason")},
        "index": row["negative"],
        **{name: row[name] for name in ("nullity", "positive", "hessian")},
        **{name: row[name] for name in ("dimension", "gauge_dimension", "orbit_size")},
        "stationarity": {name: row[name] for name in NOTIONS},
        "roles": codes_of(row["label"]),
        "sample": {
            **{part: [numbers[i] for i in parts[part]] for part in SAMPLE_PARTS},
            "c": numbers[parts["c"][0]],
        },
        "rigor": row["rigor"],
    }


class Vocabulary:
    """Numbers and roles of the strata of one problem and width, read from their texts once for all rows."""

    def __init__(self, numbers: str, roles: str) -> None:
        self.records: list[Record] = from_text(numbers)["numbers"]
        self.roles: dict[str, dict[str, str | None]] = from_text(roles)
        self._decimals = [one["decimal"] for one in self.records]
        self._exact = [exact_form(one) for one in self.records]
        self._neurons = {code: {"code": code, **words} for code, words in self.roles.items()}

    def row(self, packed: Mapping[str, Any]) -> Record:
        """The row a query answers for a stratum: decimals, with exact forms beside them."""
        parts = _positions(packed)
        decimals, exact = self._decimals, self._exact
        sample: Record = {}
        for part in SAMPLE_PARTS:
            sample[part] = [decimals[i] for i in parts[part]]
            sample[f"{part}_exact"] = [exact[i] for i in parts[part]]
        (last,) = parts["c"]
        sample |= {"c": decimals[last], "c_exact": exact[last]}
        return {
            "label": packed["label"],
            "problem": packed["problem"],
            "function": packed["function"],
            "width": packed["width"],
            "kind": packed["kind"],
            "reason": packed["reason"],
            "index": packed["negative"],
            "nullity": packed["nullity"],
            "positive": packed["positive"],
            "hessian": packed["hessian"],
            "dimension": packed["dimension"],
            "gauge_dimension": packed["gauge_dimension"],
            "stationarity": {name: packed[name] for name in NOTIONS},
            "neurons": [self._neurons[code] for code in codes_of(packed["label"])],
            "orbit_size": packed["orbit_size"],
            "sample": sample,
            "rigor": packed["rigor"],
        }


def numbers_text(packed: PackedStrata) -> str:
    """The texts of the numbers as one canonical text, which `Vocabulary` reads."""
    return '{"numbers":[' + ",".join(packed.numbers) + "]}"


def codes_of(label: str) -> list[str]:
    """The codes of the roles in the label of a stratum, one for each neuron; `["all"]` over the target itself."""
    return label.rpartition("@")[2].partition(":")[2].split(".")


def _packed_row(problem: str, stratum: Stratum, numbers: dict[Number, int]) -> dict[str, Any]:
    sample, inertia, notions = stratum.sample, stratum.inertia, stratum.stationarity
    if codes_of(stratum.label) != _codes(stratum):
        raise CatalogError(f"the label {stratum.label} does not say the roles of its stratum")
    groups = (sample.w, sample.b, sample.v, (sample.c,))
    return {
        "label": stratum.label,
        "problem": problem,
        "width": stratum.width,
        "function": stratum.function,
        "kind": stratum.kind.value,
        "reason": stratum.reason,
        "negative": None if inertia is None else inertia.negative,
        "nullity": None if inertia is None else inertia.zero,
        "positive": None if inertia is None else inertia.positive,
        "hessian": hessian_of(stratum),
        "dimension": stratum.dimension,
        "gauge_dimension": stratum.gauge_dimension,
        "orbit_size": stratum.orbit_size,
        "smooth": notions.smooth.value,
        "directional": notions.directional.value,
        "clarke": notions.clarke.value,
        "listed": int(stratum.by_default),
        "rigor": stratum.rigor.value,
        "sample": ";".join(
            " ".join(str(numbers.setdefault(value, len(numbers))) for value in group) for group in groups
        ),
    }


def _positions(row: Mapping[str, Any]) -> dict[str, list[int]]:
    groups = row["sample"].split(";")
    if len(groups) != 4:
        raise CatalogError(f"the stored sample of {row['label']} is malformed")
    return {name: [int(i) for i in group.split()] for name, group in zip("wbvc", groups, strict=True)}


def _codes(stratum: Stratum) -> list[str]:
    return [WHOLE] if stratum.roles is None else [role.code for role in stratum.roles]


def _does(role: Role) -> str:
    from symbolic.interval.strata.roles import DESCRIPTIONS, RoleKind

    sign = "" if role.v_sign is None else f"v {'= 0' if role.v_sign == 0 else '> 0' if role.v_sign > 0 else '< 0'}"
    if role.site is not None:
        place = {"kink": "kink", "virtual": "virtual site", "flat": "flat site"}[role.site.kind.value]
        return f"breakpoint at {place} {role.site.number}, orientation {role.orientation}, {sign}"
    if role.end:
        end = "left" if role.end == "a" else "right"
        inside = "not active inside" if role.kind is RoleKind.SILENT_END else "affine inside"
        return f"breakpoint at the {end} end, orientation {role.orientation}, {sign}, {inside}"
    if role.kind is RoleKind.CONSTANT:
        return f"w = v = 0, b {'>' if role.code.endswith('+') else '<'} 0"
    if role.kind is RoleKind.ZERO_LIVE:
        return f"w = b = 0, {sign}"
    return DESCRIPTIONS[role.kind]
