"""Proved edges between the strata of one problem: symmetry, embedding into a larger width, closure."""
