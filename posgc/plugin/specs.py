"""`--compress NAME(value, option=value)`: a compression and its options, from text and back."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

from posgc.compression.contract import Compression
from posgc.language.diagnostics import Diagnostic, InputError
from posgc.language.diagnostics.likeness import suggestion
from posgc.plugin.options import make_options
from posgc.plugin.registry import registry

__all__ = ["compression_of", "spec_of"]


def compression_of(spec: str) -> tuple[Compression, Any]:
    """The compression that is called for and its options.  Raises InputError (E616, E612)."""
    known = registry().compressions
    found = re.fullmatch(r"\s*([A-Za-z_][\w-]*)\s*(?:\((.*)\))?\s*", spec)
    cure = f"one of auto, {', '.join(map(_usage, known.values()))}"
    if found is None:
        raise InputError([Diagnostic("E616", f"--compress {spec}: expected NAME or NAME(value)", help=cure)])
    name, inside = found[1].replace("_", "-"), (found[2] or "").strip()
    if name == "auto":
        what = f"--compress {spec}: auto takes no values"
        raise InputError([Diagnostic("E616", what, help="--compress auto --epsilon X")])
    if name not in known:
        cure = suggestion(name, [*known, "auto"]) or cure
        raise InputError([Diagnostic("E616", f"no compression is called {found[1]}", help=cure)])
    compression = known[name]
    given: dict[str, str] = {}
    for position, word in enumerate([part.strip() for part in inside.split(",")] if inside else []):
        key, equals, value = word.partition("=")
        if not equals and position:
            raise InputError(
                [
                    Diagnostic(
                        "E616",
                        f"--compress {spec}: only the first value may go without its name",
                        help=_usage(compression),
                    )
                ]
            )
        if not equals and not fields(compression.options):
            raise InputError([Diagnostic("E616", f"--compress {spec}: {name} takes no values", help=name)])
        key, value = (key.strip(), value.strip()) if equals else (fields(compression.options)[0].name, key.strip())
        if key in given:
            raise InputError([Diagnostic("E616", f"--compress {spec}: {key} is given twice", help=_usage(compression))])
        given[key] = value
    return compression, make_options(compression.options, given)


def spec_of(compression: Compression, options: Any) -> str:
    """The text for which `compression_of` gives this back; options at their defaults are left out, the first stays."""
    words = []
    for position, field in enumerate(fields(compression.options)):
        value = getattr(options, field.name)
        if position == 0:
            words.append(f"{value}")
        elif value != field.default:
            words.append(f"{field.name}={value}")
    return f"{compression.name}({', '.join(words)})" if words else compression.name


def _usage(compression: Compression) -> str:
    names = [field.name.upper() for field in fields(compression.options)][:1]
    return f"{compression.name}({names[0]})" if names else compression.name
