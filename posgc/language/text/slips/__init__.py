"""Slips of the pen in the syntax, by what they are about; each function knows one, and gives None for others."""
