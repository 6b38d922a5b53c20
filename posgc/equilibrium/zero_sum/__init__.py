"""Equilibria of two-player zero-sum stage games."""
