"""Warnings of what is legal and likely wrong, as the tables of a game tell."""
