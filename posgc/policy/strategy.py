"""A strategy of any kind."""

from posgc.policy.controllers import Controllers
from posgc.policy.machine import Machine
from posgc.policy.mixture import Mixture
from posgc.policy.opaque import Opaque
from posgc.policy.stationary import Stationary

__all__ = ["Strategy"]

Strategy = Machine | Stationary | Controllers | Mixture | Opaque
"""How the agents play.  Each kind says in its docstring what judges can do with it, and what it plays on what it has
never seen; all have a `kind`, and `sizes` and `n_nodes` to tell how large they are."""
