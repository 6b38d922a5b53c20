from typing import Any
def declared_protocols(*a: Any) -> Any:
    return ()
