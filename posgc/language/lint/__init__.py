"""Warnings of what is legal and likely wrong, as far as the text and its elaboration tell."""
