"""Game to sparse arrays: `tabulate` and the arrays that everything later reads."""

from posgc.language.signature import Signature, Variable
from posgc.model.arrays import Initial, Kernel, Model
from posgc.model.tabulation.tabulate import tabulate

__all__ = ["Initial", "Kernel", "Model", "Signature", "Variable", "tabulate"]
