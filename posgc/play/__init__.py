"""Playing a game: players, episodes, mean returns with intervals."""
