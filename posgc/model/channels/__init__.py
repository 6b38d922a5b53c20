"""Channels that lose or delay what they carry, lowered to a plain game: items on their way as states, arrivals as
observations."""
