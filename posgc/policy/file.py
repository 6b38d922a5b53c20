"""The policy file: a `.npz` of plain arrays and one JSON header; loading one can run nothing.

Members (H steps, n agents; `x` with `x_len[H]` stands for H arrays laid end to end):

    header            uint8, UTF-8 JSON of `Header`, with "format": "posgc-policy-1"
    origin            uint8, UTF-8 JSON of `Origin`, or null
    root_z, root_to   int64
    private_i         int64, codes of agent i's private information
    indptr, weight    int64, float64
    pure_i, mixed_i   integers [K, P_i] or float64 [K, P_i, A_i] of each step, whichever it has
    z, edge_indptr, edge_z, edge_to

Reading refuses pickles, members that would unpack to more than `SIZE_LIMIT` bytes, unknown formats, and
arrays that do not fit together.  `Policy.save` writes to a temporary file that is then renamed.
"""

from __future__ import annotations

import json
import os
import struct
import zipfile
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from posgc.language.diagnostics import Diagnostic, InputError, LimitError, Source
from posgc.language.files import require_regular
from posgc.policy.artefact import FORMAT, Header, Origin, Policy, PolicyStep

__all__ = ["load_policy", "save_policy"]

SIZE_LIMIT = 6 << 30
"""Bytes that a policy file may unpack to."""

UNREADABLE = (
    OSError,
    EOFError,
    KeyError,
    ValueError,
    TypeError,
    IndexError,
    OverflowError,
    RuntimeError,
    MemoryError,
    SyntaxError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What numpy, zipfile and json raise on damaged or hostile files."""

Array = npt.NDArray[Any]

save_policy = Policy.save


def load_policy(path: str | os.PathLike[str]) -> Policy:
    """Read a policy file.  Raises InputError where it is not one, LimitError where it is too large."""
    name = str(path)
    try:
        require_regular(path, SIZE_LIMIT)
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if any(member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for member in members):
                raise ValueError("it is compressed in a way that posgc does not write")
            unpacked = sum(member.file_size for member in members)
        if unpacked > SIZE_LIMIT:
            raise LimitError(f"{name} would unpack to {unpacked} bytes (limit {SIZE_LIMIT})")
        with np.load(path, allow_pickle=False) as data:
            return _policy({key: data[key] for key in data.files})
    except UNREADABLE as e:
        why = e.strerror if isinstance(e, OSError) and e.strerror else str(e)
        raise _bad(name, why) from None


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
    header = _header(arrays["header"])
    horizon, n = header.horizon, len(header.agents)
    unpacked = {
        name: _unpack(arrays, name, horizon) for name in ("indptr", "weight", "z", "edge_indptr", "edge_z", "edge_to")
    }
    private = [_unpack(arrays, f"private_{i}", horizon) for i in range(n)]
    pure = [_unpack(arrays, f"pure_{i}", horizon) for i in range(n)]
    mixed = [_unpack(arrays, f"mixed_{i}", horizon) for i in range(n)]
    steps = []
    for h in range(horizon):
        tables = tuple(
            _table(pure[i][h], mixed[i][h], len(unpacked["weight"][h]), len(private[i][h])) for i in range(n)
        )
        steps.append(
            PolicyStep(
                tuple(private[i][h] for i in range(n)),
                unpacked["indptr"][h],
                unpacked["weight"][h],
                tables,
                unpacked["z"][h],
                unpacked["edge_indptr"][h],
                unpacked["edge_z"][h],
                unpacked["edge_to"][h],
            )
        )
    policy = Policy(
        header, _integers(arrays["root_z"]), _integers(arrays["root_to"]), tuple(steps), _origin(arrays["origin"])
    )
    _require_consistent(policy)
    return policy


def _header(raw: Array) -> Header:
    content = _json(raw)
    if not isinstance(content, dict) or content.pop("format", None) != FORMAT:
        raise ValueError(f"its header is not {FORMAT}")
    header = Header(**{key: _tuples(value) for key, value in content.items()})
    agents = len(header.agents) if _all(header.agents, str) else 0
    for name, good in {
        **{name: isinstance(getattr(header, name), str) for name in ("game", "digest", "protocol", "backend")},
        "horizon": _is(header.horizon, int) and 1 <= header.horizon <= 10**6,
        "agents": agents > 0,
        "concept": header.concept in ("team", "nash", "ce", "cce"),
        "lags": isinstance(header.lags, tuple) and len(header.lags) == 3,
        "dropped": isinstance(header.dropped, tuple) and all(_all(pair, int) for pair in header.dropped),
        "values": _all(header.values, float, int) and len(header.values) == agents,
        "lower": _is(header.lower, float, int, type(None)),
        "upper": _is(header.upper, float, int, type(None)),
        "stage_gap": _is(header.stage_gap, float, int, type(None)),
        "gap_bound": _is(header.gap_bound, float, int, type(None)),
        "notes": _all(header.notes, str),
        "options": isinstance(header.options, dict),
        "versions": _texts(header.versions),
        "compression": _is(header.compression, str, type(None)),
        "residual": header.residual is None or (_all(header.residual, float, int) and len(header.residual) == 2),
    }.items():
        if not good:
            raise ValueError(f"its header has a bad field {name}: {getattr(header, name)!r:.60}")
    return header


def _origin(raw: Array) -> Origin | None:
    content = _json(raw)
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


def _json(raw: Array) -> Any:
    if raw.dtype != np.uint8 or raw.ndim != 1:
        raise ValueError("its header is not text")
    try:
        return json.loads(raw.tobytes().decode())
    except RecursionError:
        raise ValueError("its header is nested too deeply") from None


def _is(value: Any, *types: type) -> bool:
    """JSON's true and false are not numbers."""
    return isinstance(value, types) and not isinstance(value, bool)


def _all(values: Any, *types: type) -> bool:
    return isinstance(values, tuple) and all(_is(value, *types) for value in values)


def _texts(table: Any) -> bool:
    return isinstance(table, dict) and all(isinstance(value, str) for value in table.values())


def _tuples(value: Any) -> Any:
    return tuple(_tuples(v) for v in value) if isinstance(value, list) else value


def _integers(array: Array) -> Array:
    if array.dtype.kind not in "iu" or array.ndim != 1:
        raise ValueError("an index array does not hold integers")
    return array


def _unpack(arrays: dict[str, Array], name: str, horizon: int) -> list[Array]:
    flat, lengths = arrays[name], _integers(arrays[f"{name}_len"])
    if flat.ndim != 1 or len(lengths) != horizon or (lengths < 0).any() or lengths.sum() != len(flat):
        raise ValueError(f"the lengths of {name} do not fit")
    numeric = "f" if name.startswith(("weight", "mixed")) else "iu"
    if flat.dtype.kind not in numeric and len(flat):
        raise ValueError(f"{name} has type {flat.dtype}")
    parts = np.split(flat, np.cumsum(lengths)[:-1])
    for h in range(1, horizon):  # steps that are alike share their arrays, which verifying makes use of
        if np.array_equal(parts[h], parts[h - 1]):
            parts[h] = parts[h - 1]
    return parts


def _table(pure: Array, mixed: Array, components: int, private: int) -> Array:
    cells = components * private
    if len(pure) == cells and not len(mixed):
        return pure.reshape(components, private)
    if cells and len(mixed) and len(mixed) % cells == 0 and not len(pure):
        return mixed.reshape(components, private, -1)
    raise ValueError("a table of prescriptions has the wrong size")


def _require_consistent(policy: Policy) -> None:
    """Everything that can be checked without the game; raises ValueError."""
    first = len(policy.steps[0])
    if len(policy.root_z) != len(policy.root_to) or not _indices(policy.root_to, first) or not _ascends(policy.root_z):
        raise ValueError("its first nodes do not fit")
    for h, step in enumerate(policy.steps):
        following = len(policy.steps[h + 1]) if h + 1 < len(policy.steps) else 0
        if not _consistent(step, following):
            raise ValueError(f"the arrays of step {h + 1} do not fit together")


def _consistent(step: PolicyStep, following: int) -> bool:
    nodes = len(step)
    if nodes < 1 or not _pointers(step.indptr, len(step.weight)) or (np.diff(step.indptr) < 1).any():
        return False
    total = np.add.reduceat(step.weight, step.indptr[:-1])
    if not np.isfinite(step.weight).all() or (step.weight < 0).any() or (abs(total - 1) > 1e-9).any():
        return False
    for table in step.tables:
        if table.ndim == 3 and not (
            np.isfinite(table).all() and (table >= 0).all() and (abs(table.sum(axis=2) - 1) <= 1e-9).all()
        ):
            return False
    edges = len(step.edge_to)
    return (
        all(_ascends(codes) for codes in (*step.private, step.z))
        and len(step.edge_indptr) == nodes + 1
        and _pointers(step.edge_indptr, edges)
        and len(step.edge_z) == edges
        and _indices(step.edge_z, len(step.z))
        and _indices(step.edge_to, following)
        and _ascends(np.repeat(np.arange(nodes), np.diff(step.edge_indptr)) * max(len(step.z), 1) + step.edge_z)
    )


def _pointers(indptr: Array, total: int) -> bool:
    return len(indptr) > 0 and indptr[0] == 0 and indptr[-1] == total and bool((np.diff(indptr) >= 0).all())


def _indices(index: Array, bound: int) -> bool:
    return not len(index) or (int(index.min()) >= 0 and int(index.max()) < bound)


def _ascends(codes: Array) -> bool:
    return bool((np.diff(codes) > 0).all())
