"""The policy file: a `.npz` of plain arrays and one JSON header; loading one can run nothing.

Members (H steps, n agents; `x` with `x_len[H]` stands for H arrays laid end to end):

    header            uint8, UTF-8 JSON of `Header`, with "format": "posgc-policy-2", "kind", and "claim"
    origin            uint8, UTF-8 JSON of `Origin`, or null

The header's "strategy" is {"unseen": ...}, of a mixture {"parts": [{"kind": ..., ...}]}, of an opaque player
{"info": ...}.  Of a machine there are (of a stationary one with H = 1, its edges leading to its own nodes)

    root_z, root_to   int64
    private_i         int64, codes of agent i's private information
    indptr, weight    int64, float64
    pure_i, mixed_i   integers [K, P_i] or float64 [K, P_i, A_i] of each step, whichever it has
    z, edge_indptr, edge_z, edge_to

of controllers, for each agent i

    root_code_i, root_to_i                      int64
    pure_i, mixed_i                             integers [N] or float64 [N, A_i] of each step, whichever it has
    edge_indptr_i, edge_code_i, edge_to_i       int64

of a mixture `part_weight` (float64) and the arrays of part k with `part{k}_` before their names; and of an opaque
player its own arrays with `array_` before theirs, from which its back-end makes it again.

Reading refuses pickles, members that would unpack to more than `SIZE_LIMIT` bytes, unknown formats, and
arrays that do not fit together.  Files of the first format, whose header held the claim, are read as well.
Saving writes to a temporary file that is then renamed.
"""

from __future__ import annotations

import os
from dataclasses import fields
from typing import Any

import numpy.typing as npt

from posgc.language.concepts import CONCEPTS, DEVIATIONS
from posgc.language.diagnostics import Diagnostic, InputError, Source
from posgc.policy.archive import UNREADABLE, content_of, read_archive, reason
from posgc.policy.artefact import FORMAT, Claim, Header, Origin, Policy
from posgc.policy.packing import strategy_arrays, strategy_of
from posgc.policy.sound import sound_claim

__all__ = ["load_policy", "save_policy"]

FIRST_FORMAT = "posgc-policy-1"

Array = npt.NDArray[Any]


save_policy = Policy.save


def load_policy(path: str | os.PathLike[str]) -> Policy:
    """Read a policy file.  Raises InputError where it is not one, LimitError where it is too large."""
    name = str(path)
    try:
        return _policy(read_archive(path))
    except UNREADABLE as e:
        raise _bad(name, reason(e)) from None


def _bad(name: str, why: str) -> InputError:
    return InputError(
        [
            Diagnostic(
                "E609", f"not a readable policy file: {why}", help="give a file that `posgc solve --out` has written"
            )
        ],
        Source(name, ""),
    )


def _policy(arrays: dict[str, Array]) -> Policy:
    """Raises ValueError, KeyError or TypeError where the arrays are not a policy."""
    header, claim, kind, facts = _head(arrays["header"])
    strategy = strategy_of(kind, facts, arrays, header.horizon, len(header.agents))
    if arrays.keys() != {"header", "origin", *strategy_arrays(strategy)}:
        raise ValueError("it holds arrays of other agents than its header names")
    return Policy(header, claim, strategy, _origin(arrays["origin"]))


def _head(raw: Array) -> tuple[Header, Claim, str, dict[str, Any]]:
    """Header, claim, kind of strategy, and what else is said of it."""
    content = content_of(raw)
    known = content.pop("format", None) if isinstance(content, dict) else None
    if known == FIRST_FORMAT:
        kind, facts, claimed = "machine", {}, {f.name: content.pop(f.name) for f in fields(Claim) if f.name in content}
        strategic = dict(content["options"]).get("form") == "strategic" and content.get("concept") == "ce"
        content["against"] = "ce_strategic" if strategic else CONCEPTS[str(content.get("concept"))].against[0]
    elif known == FORMAT:
        kind, facts, claimed = content.pop("kind"), content.pop("strategy", {}), content.pop("claim")
        if not isinstance(kind, str) or not isinstance(facts, dict):
            raise ValueError("its header does not say what kind of policy it holds")
    elif isinstance(known, str) and known.startswith("posgc-policy-"):
        raise ValueError(f"it has format {known:.40}, and this version of posgc reads {FORMAT} and {FIRST_FORMAT}")
    else:
        raise ValueError(f"its header is not {FORMAT}, which this version of posgc reads, nor {FIRST_FORMAT}")
    header = Header(**{key: _tuples(value) for key, value in content.items()})
    _require_header(header)
    return header, _claim(claimed, len(header.agents)), kind, facts


def _require_header(header: Header) -> None:
    agents = len(header.agents) if _all(header.agents, str) else 0
    for name, good in {
        **{name: isinstance(getattr(header, name), str) for name in ("game", "digest", "protocol", "backend")},
        "horizon": _is(header.horizon, int) and 1 <= header.horizon <= 10**6,
        "agents": agents > 0,
        "concept": header.concept in CONCEPTS,
        "against": header.against in DEVIATIONS,
        "lags": isinstance(header.lags, tuple) and len(header.lags) in (3, 5),
        "dropped": isinstance(header.dropped, tuple) and all(_all(pair, int) for pair in header.dropped),
        "options": isinstance(header.options, dict),
        "versions": _texts(header.versions),
        "compression": _is(header.compression, str, type(None)),
    }.items():
        if not good:
            raise ValueError(f"its header has a bad field {name}: {getattr(header, name)!r:.60}")


def _claim(content: Any, agents: int) -> Claim:
    if not isinstance(content, dict):
        raise ValueError("its claim is not an object")
    return sound_claim(Claim(**{key: _tuples(value) for key, value in content.items()}), agents)


def _origin(raw: Array) -> Origin | None:
    content = content_of(raw)
    if content is None:
        return None
    if not isinstance(content, dict):
        raise ValueError("its origin is not an object")
    origin = Origin(**content)
    if not (
        all(isinstance(text, str) for text in (origin.name, origin.text, origin.reward))
        and _is(origin.share, str, type(None))
        and _is(origin.horizon, int, type(None))
        and _is(origin.discount, float, int, type(None))
        and _texts(origin.settings)
        and isinstance(origin.endless, bool)
    ):
        raise ValueError("its origin has a field of the wrong type")
    return origin


def _is(value: Any, *types: type) -> bool:
    """JSON's true and false are not numbers."""
    return isinstance(value, types) and not isinstance(value, bool)


def _all(values: Any, *types: type) -> bool:
    return isinstance(values, tuple) and all(_is(value, *types) for value in values)


def _texts(table: Any) -> bool:
    return isinstance(table, dict) and all(isinstance(value, str) for value in table.values())


def _tuples(value: Any) -> Any:
    return tuple(_tuples(v) for v in value) if isinstance(value, list) else value
