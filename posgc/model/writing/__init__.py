"""A model as readable `.posg` text."""
