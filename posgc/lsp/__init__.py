"""What an editor is told of a game as it is written: pure functions of an `Analysis` and a place, and `posgc lsp`."""
