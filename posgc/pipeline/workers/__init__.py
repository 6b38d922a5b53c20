"""Tasks for several processes, of this machine or of a Ray cluster: answers as they come in, whoever dies on the way.

`each` gives out the tasks; whoever works on them is a `Crew`.
"""

from posgc.pipeline.workers.crew import Crew, Died
from posgc.pipeline.workers.each import Workers, each

__all__ = ["Crew", "Died", "Workers", "each"]
