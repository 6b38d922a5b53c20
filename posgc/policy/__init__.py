"""The policy: strategies of every kind, the artefact that binds one to its game, and its file."""
