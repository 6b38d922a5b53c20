"""Game to sparse arrays: `tabulate` and the arrays that everything later reads."""

from posgc.model.arrays import Initial, Kernel, Model
from posgc.model.tabulate import tabulate

__all__ = ["Initial", "Kernel", "Model", "tabulate"]
