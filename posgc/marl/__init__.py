"""Deep multi-agent reinforcement learning under a sharing protocol: MAPPO and IPPO on anybody's environment."""

from posgc.marl.algorithms import ALGORITHMS, AlgorithmName
from posgc.marl.particles import ENVIRONMENTS, particles
from posgc.marl.results import Run, Trained
from posgc.marl.seeds import train

__all__ = ["ALGORITHMS", "ENVIRONMENTS", "AlgorithmName", "Run", "Trained", "particles", "train"]
