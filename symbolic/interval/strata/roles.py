"""What one neuron may do at a critical point over a given function.

Roles are named by short codes, which make the labels of the strata:

    k1+p   at kink 1, orientation +, v > 0        (p, n, z: v positive, negative, zero)
    v1-n   at virtual site 1, orientation -, v < 0
    f2+    at flat site 2, orientation +, v = 0
    la-p   breakpoint at the left end a, orientation -, v > 0;  lb+z at the right end b, v = 0
    act    fully active, (w, v) not both 0;  ina  its mirror on the leaky side, w x + b < 0
    con+   w = v = 0 and b > 0;  con-  the same with b < 0 (leaky)
    dead   w x + b < 0 on [a, b] (ReLU), any v
    sym    quadratic activation: w x + b proportional to x - (a+b)/2, w != 0, v = 0
    zero   w = b = v = 0;  zerop, zeron  w = b = 0 with v > 0, v < 0
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from symbolic.interval.strata.sites import Site, Sites


class RoleKind(StrEnum):
    """The kinds of roles; what each means for the parameters is in `DESCRIPTIONS`."""

    LIVE = "live"
    FLAT_AT_SITE = "flat at a site"
    FLAT = "flat"
    SILENT_END = "semi-inactive"
    ACTIVE_END = "active, breakpoint at an end"
    ACTIVE = "fully active"
    LEAKY_INACTIVE = "inactive side, affine"
    CONSTANT = "semi-active"
    DEAD = "inactive"
    SYMMETRIC = "symmetric"
    ZERO = "zero"
    ZERO_LIVE = "degenerate"


DESCRIPTIONS = {
    RoleKind.LIVE: "breakpoint at the site, v != 0; the jumps at a site add up to the jump of f",
    RoleKind.FLAT_AT_SITE: "breakpoint at a kink or virtual site, v = 0",
    RoleKind.FLAT: "breakpoint where K = -sigma M but K' != 0, v = 0",
    RoleKind.SILENT_END: "breakpoint at an end of [a, b], not active inside",
    RoleKind.ACTIVE_END: "breakpoint at an end of [a, b], affine inside",
    RoleKind.ACTIVE: "w x + b > 0 on [a, b], (w, v) != (0, 0)",
    RoleKind.LEAKY_INACTIVE: "w x + b < 0 on [a, b], affine with slope factor g, (w, v) != (0, 0)",
    RoleKind.CONSTANT: "w = 0, v = 0, b != 0",
    RoleKind.DEAD: "w x + b < 0 on [a, b], any v",
    RoleKind.SYMMETRIC: "quadratic activation: w x + b is 0 at the middle of [a, b], w != 0, v = 0",
    RoleKind.ZERO: "w = b = v = 0",
    RoleKind.ZERO_LIVE: "w = b = 0, v != 0",
}

FREE_PARAMETERS = {
    RoleKind.LIVE: 2,
    RoleKind.FLAT_AT_SITE: 1,
    RoleKind.FLAT: 1,
    RoleKind.ACTIVE: 3,
    RoleKind.LEAKY_INACTIVE: 3,
    RoleKind.CONSTANT: 1,
    RoleKind.DEAD: 3,
    RoleKind.SYMMETRIC: 1,
    RoleKind.ZERO: 0,
    RoleKind.ZERO_LIVE: 1,
}
"""Dimension of the set of (w, b, v) of one neuron before the constraints shared with others; ends: 2, or 1 with v =
0."""


@dataclass(frozen=True, eq=False)
class Role:
    """A role: its code, kind, the site or end it is at, its orientation and the sign of v (0: v = 0; None: any)."""

    code: str
    kind: RoleKind
    site: Site | None = None
    end: str = ""
    orientation: str = ""
    v_sign: int | None = None

    @property
    def free_parameters(self) -> int:
        if self.kind in (RoleKind.SILENT_END, RoleKind.ACTIVE_END):
            return 2 if self.v_sign else 1
        return FREE_PARAMETERS[self.kind]

    @property
    def gauge_dimension(self) -> int:
        """1 if the rescaling (w, b, v) -> (s w, s b, v/s) moves the neuron."""
        return 0 if self.kind is RoleKind.ZERO else 1

    @property
    def cjr_type(self) -> str:
        """The neuron type in the words of Cheridito, Jentzen and Rossmannek (2022), as far as the role fixes it.

        Type 1: active on all of [a, b]; type 2: the breakpoint lies inside. Flat (v = 0) is a separate attribute there.
        """
        match self.kind:
            case RoleKind.DEAD:
                return "inactive"
            case RoleKind.SILENT_END:
                return "semi-inactive"
            case RoleKind.CONSTANT:
                return "semi-active"
            case RoleKind.ACTIVE:
                return "type-1 active, or semi-active if w = 0"
            case RoleKind.ACTIVE_END | RoleKind.LEAKY_INACTIVE:
                return "type-1 active"
            case RoleKind.ZERO | RoleKind.ZERO_LIVE:
                return "degenerate"
            case RoleKind.SYMMETRIC:
                return "active"
        return "type-2 active"


def roles_of(sites: Sites, *, class_a: bool, leaky: bool, degenerate: bool = True) -> tuple[Role, ...]:
    """Every role a neuron may have over the function, in the order of the codes of a label.

    `degenerate`: whether neurons with w = b = 0 != v are among them.
    """
    roles = []
    letters = {1: "p", -1: "n", 0: "z"}
    for letter, group in (("k", sites.kinks), ("v", sites.virtual)):
        for site in group:
            for mark in site.orientations:
                for sign in (1, -1, 0):
                    kind = RoleKind.LIVE if sign else RoleKind.FLAT_AT_SITE
                    roles.append(Role(f"{letter}{site.number}{mark}{letters[sign]}", kind, site, "", mark, sign))
    for site in sites.flat:
        roles.extend(Role(f"f{site.number}{mark}", RoleKind.FLAT, site, "", mark, 0) for mark in site.orientations)
    for end in "ab":
        for mark in "+-":
            silent = not leaky and (end, mark) in (("a", "-"), ("b", "+"))
            if not silent and not class_a:
                continue
            kind = RoleKind.SILENT_END if silent else RoleKind.ACTIVE_END
            roles.extend(Role(f"l{end}{mark}{letters[sign]}", kind, None, end, mark, sign) for sign in (1, -1, 0))
    if class_a:
        roles.append(Role("act", RoleKind.ACTIVE))
        if leaky:
            roles.append(Role("ina", RoleKind.LEAKY_INACTIVE))
    roles.append(Role("con+", RoleKind.CONSTANT, v_sign=0))
    if leaky:
        roles.append(Role("con-", RoleKind.CONSTANT, v_sign=0))
    else:
        roles.append(Role("dead", RoleKind.DEAD))
    roles.append(Role("zero", RoleKind.ZERO, v_sign=0))
    if degenerate:
        roles.append(Role("zerop", RoleKind.ZERO_LIVE, v_sign=1))
        roles.append(Role("zeron", RoleKind.ZERO_LIVE, v_sign=-1))
    return tuple(roles)
