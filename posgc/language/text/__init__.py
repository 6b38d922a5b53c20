"""Text to syntax tree: parser, recovery from syntax errors, canonical layout."""
