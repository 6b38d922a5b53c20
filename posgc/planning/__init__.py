"""Backward induction on the common-information graph for any stage oracle."""
