"""Learning from samples (Liu & Zhang 2023, Section 5.2): episodes, counts, windows, learned graphs, exploration."""
