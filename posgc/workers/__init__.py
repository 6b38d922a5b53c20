"""Tasks for several processes, of this machine or of a Ray cluster: answers as they come in, whoever dies on the way.

`each` gives out the tasks, and `in_order` puts the answers in order; whoever works on them is a `Crew`.
"""

from posgc.workers.crew import Alone, Crew, Died
from posgc.workers.each import ALONE, Workers, each, in_order

__all__ = ["ALONE", "Alone", "Crew", "Died", "Workers", "each", "in_order"]
