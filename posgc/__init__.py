"""posgc: a declarative compiler for partially observable stochastic games."""

__all__ = ["__version__"]
__version__ = "0.1.0"
