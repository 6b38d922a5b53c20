"""Compression of the common information: the contract, bisimulation, measured errors and end-to-end bounds."""

from posgc.compression.bisimulation import quotient
from posgc.compression.contract import Certificate, CompressedGame, Compression

__all__ = ["Certificate", "CompressedGame", "Compression", "quotient"]
