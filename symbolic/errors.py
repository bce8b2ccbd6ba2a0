"""The exceptions of the exact mathematics: one root, one leaf for each thing a caller may want to tell apart."""

from __future__ import annotations


class SaddleryError(Exception):
    """Root of every exception that Saddlery raises on purpose; its text is one line written for the user."""


class InvalidProblem(SaddleryError, ValueError):
    """The question is not one the catalog can pose (a malformed target, an empty domain, a leak outside [0, 1))."""


class Undecided(SaddleryError):
    """The answer is not known. It says nothing about the answer being yes or no."""


class InsufficientPrecision(Undecided):
    """Undecided at this precision, and likely to be decided with more bits."""


class Unseparated(Undecided):
    """Two enclosed objects could be neither separated nor proved equal."""


class Refuted(SaddleryError):
    """A stated fact was proved false."""


class BudgetExceeded(Undecided):
    """The work allowed was used up before the answer was found."""
