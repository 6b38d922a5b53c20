"""What an editor may ask of a file, right or wrong: its tree, its names with their places, its diagnostics."""
