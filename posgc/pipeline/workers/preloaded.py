"""What every task needs, imported once by the server that other processes begin from: the pipeline and all plug-ins."""

from posgc.plugin.registry import registry

__all__: list[str] = []

registry()
