"""Flat records of critical strata of interval problems, and their packed form (`catalog.packed_strata`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from catalog.errors import CatalogError
from catalog.number_text import rational_text
from catalog.packed_strata import PackedStrata, codes_of
from catalog.record import Record
from catalog.strata_record import Packing, StrataVocabulary, stratum_facts
from symbolic.enclosure import Verdict

if TYPE_CHECKING:
    from symbolic.interval.strata.descent import Descent
    from symbolic.interval.strata.roles import Role
    from symbolic.interval.strata.strata import Stratum

WHOLE = "all"
"""The code of the one stratum over a function that is the target itself: its neurons have no roles of their own."""

SAMPLE_PARTS = ("w", "b", "v")


def stratum_record(stratum: Stratum, descent: Descent | None = None) -> Record:
    """The flat form of a stratum. `roles` are codes; what they mean is said by `role_words`.

    `index`, `nullity` and `positive` are the inertia, null where there is none or it was not proved; `hessian` tells
    these apart ("yes", "no": L is not twice differentiable on all of the stratum, "undecided"). `descent` is a curve
    along which the loss falls (`symbolic.interval.strata.descent`), null where none is given.
    """
    packing = Packing(stratum.function.partition(":")[0])
    row = _packed_row(packing, stratum, descent)
    return unpack(row, packing.numbers)


def role_words(roles: Iterable[Role]) -> dict[str, dict[str, str | None]]:
    """`{code: {"does", "cjr22"}}`: what a neuron of this role does, and its type in the words of [CJR22]."""
    return {role.code: {"does": _does(role), "cjr22": role.cjr_type} for role in roles}


def hessian_of(stratum: Stratum) -> str:
    """Whether the Hessian exists on the stratum and its inertia was proved: "yes", "no" (it does not exist, or, over
    the target itself, its inertia is not constant), or "undecided" (the inertia, or whether there is a Hessian, could
    not be proved)."""
    if stratum.inertia is not None:
        return "yes"
    return "no" if stratum.roles is None or stratum.hessian is Verdict.NO else "undecided"


def pack(
    problem: str, strata: Sequence[Stratum], descents: Mapping[str, Descent] = MappingProxyType({})
) -> PackedStrata:
    """The strata of one problem and width in packed form; `unpack` of each row is its `stratum_record`.

    Args:
        problem: their problem.
        strata: in their order.
        descents: descent curves, by label of the stratum.

    Raises:
        CatalogError: one code with two meanings, or two strata of one label.
    """
    packing = Packing(problem)
    known: dict[str, tuple[object, ...]] = {}
    for stratum in strata:
        for role in stratum.roles or ():
            facts = (role.kind, role.end, role.orientation, role.v_sign)
            if known.setdefault(role.code, facts) != facts:
                raise CatalogError(f"the code {role.code} of a role has two meanings in {problem}")
            if role.code not in packing.roles:
                packing.roles |= role_words([role])
        if stratum.roles is None:
            packing.roles[WHOLE] = {"does": "the neurons together realize the target, in any way", "cjr22": None}
        packing.add(_packed_row(packing, stratum, descents.get(stratum.label)), stratum.orbit_size)
    return packing.packed()


def unpack(row: Mapping[str, Any], numbers: Sequence[Record]) -> Record:
    """The flat record of a packed row; `numbers` are the flat records it refers to."""
    parts = _positions(row)
    return {
        "label": row["label"],
        **stratum_facts(row),
        "roles": codes_of(row["label"]),
        "orbit_size": row["orbit_size"],
        "sample": {
            **{part: [numbers[i] for i in parts[part]] for part in SAMPLE_PARTS},
            "c": numbers[parts["c"][0]],
        },
        "descent": None if (curve := _curve(row)) is None else curve[0] | {"leading": numbers[curve[1]]},
        "rigor": row["rigor"],
    }


class Vocabulary(StrataVocabulary):
    """Numbers and roles of strata of interval problems."""

    def row(self, packed: Mapping[str, Any]) -> Record:
        """The row a query answers for a stratum: decimals, with exact forms beside them."""
        parts = _positions(packed)
        decimals, exact = self.decimals, self.exact
        sample: Record = {}
        for part in SAMPLE_PARTS:
            sample[part] = [decimals[i] for i in parts[part]]
            sample[f"{part}_exact"] = [exact[i] for i in parts[part]]
        (last,) = parts["c"]
        sample |= {"c": decimals[last], "c_exact": exact[last]}
        descent = None
        if (curve := _curve(packed)) is not None:
            terms, leading = curve
            descent = terms | {"leading": decimals[leading], "leading_exact": exact[leading]}
        return {
            "label": packed["label"],
            "problem": packed["problem"],
            **stratum_facts(packed),
            "neurons": self.neurons(codes_of(packed["label"])),
            "orbit_size": packed["orbit_size"],
            "sample": sample,
            "descent": descent,
            "rigor": packed["rigor"],
        }

    def record(self, packed: Mapping[str, Any]) -> Record:
        """The flat record of a packed row."""
        return unpack(packed, self.records)


def descent_lines(descent: Mapping[str, Any]) -> list[str]:
    """The descent curve of a row for people: what is added to the parameters of the sample, and what L changes by."""
    parts: dict[str, str] = {}
    for term in descent["terms"]:
        name, text = term["parameter"], _monomial(term["coefficient"], term["power"])
        parts[name] = parts.get(name, name) + (f" - {text[1:]}" if text.startswith("-") else f" + {text}")
    order, exact = descent["order"], descent["leading_exact"]
    leading = exact if isinstance(exact, str) else descent["leading"]
    changes = f"L changes by {_monomial(leading, order)} + O(eps**{order + 1})"
    return [f"{descent['argument']}: {', '.join(parts.values())}, eps > 0 small", changes]


def _monomial(coefficient: str, power: int) -> str:
    eps = "eps" if power == 1 else f"eps**{power}"
    return {"1": eps, "-1": f"-{eps}"}.get(coefficient, f"{coefficient}*{eps}")


def _packed_row(packing: Packing, stratum: Stratum, descent: Descent | None) -> dict[str, Any]:
    sample, inertia = stratum.sample, stratum.inertia
    if codes_of(stratum.label) != _codes(stratum):
        raise CatalogError(f"the label {stratum.label} does not say the roles of its stratum")
    return packing.row(
        stratum,
        negative=None if inertia is None else inertia.negative,
        hessian=hessian_of(stratum),
        sample=";".join(packing.positions(group) for group in (sample.w, sample.b, sample.v, (sample.c,))),
        descent=None if descent is None else _curve_text(descent, packing.position(descent.leading)),
    )


def _curve_text(descent: Descent, leading: int) -> str:
    """`argument;order;position of the leading coefficient;parameter coefficient power;...`"""
    terms = (f"{term.parameter} {rational_text(term.coefficient)} {term.power}" for term in descent.terms)
    return ";".join((descent.argument, str(descent.order), str(leading), *terms))


def _curve(row: Mapping[str, Any]) -> tuple[Record, int] | None:
    """The descent curve of a packed row and the position of its leading coefficient."""
    if row["descent"] is None:
        return None
    try:
        argument, order, leading, *texts = row["descent"].split(";")
        terms = [text.split(" ") for text in texts]
        curve = {
            "argument": argument,
            "order": int(order),
            "terms": [
                {"parameter": name, "coefficient": coefficient, "power": int(power)}
                for name, coefficient, power in terms
            ],
        }
        return curve, int(leading)
    except ValueError:
        raise CatalogError(f"the stored descent curve of {row['label']} is malformed") from None


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
