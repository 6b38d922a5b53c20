from typing import Any
def check_claims(*a: Any) -> Any:
    return ()
