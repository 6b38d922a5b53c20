"""`--option name=value`: a back-end's options dataclass, filled from text, or from values of Python."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from numbers import Integral, Real
from typing import Any, Literal, get_args, get_origin, get_type_hints

from posgc.language.diagnostics import Diagnostic, InputError
from posgc.language.diagnostics.likeness import suggestion
from posgc.language.numerals import real, whole

__all__ = ["Flag", "describe_options", "flags_of", "make_options", "option_names", "useful_options"]


@dataclass(frozen=True)
class Flag:
    """A flag of its own that an option has on the command line, from the metadata of its field."""

    name: str  # as written, `--select`
    option: str  # the field's name
    help: str
    choices: tuple[str, ...] | None  # None: whatever the option reads
    metavar: str  # what stands for the value in the help, where there are no choices
    default: object
    sweep: bool  # whether it takes a list of values, each tried by itself
    beside: str | None  # for a sweep: what is tried beside it, as the user would write it


def flags_of(options: type) -> list[Flag]:
    """The flags that an options dataclass asks for by `metadata={"flag": NAME, "help": …}`, or `"sweep"`; with
    `"metavar"`, what stands for the value in the help.  Policy files leave out what has `"recorded": False`."""
    hints, found = get_type_hints(options), []
    for f in fields(options):
        name = f.metadata.get("sweep", f.metadata.get("flag"))
        if name is not None:
            hint, data = hints[f.name], f.metadata
            choices = tuple(get_args(hint)) if get_origin(hint) is Literal else None
            default, beside = data.get("default", f.default), data.get("beside")
            metavar, said = data.get("metavar", "WHICH"), data.get("help", "")
            found.append(Flag(name, f.name, said, choices, metavar, default, "sweep" in data, beside))
    return found


def make_options(
    options: type,
    given: Mapping[str, object],
    concept: str | None = None,
    unknown: Callable[[str], Diagnostic | None] = lambda name: None,
    rewards: str | None = None,
) -> Any:
    """An instance of the options dataclass; raises InputError (E612) for unknown names and bad values.

    Field types may be int, float, bool, str, a Literal of strings, or one of these or None; text is read as on the
    command line, other values must be of the field's type.  A field whose metadata name the `concepts` that it serves,
    or the kinds of `rewards` (`Facts.rewards`; None: not known), is refused for others, whatever the value: it would do
    nothing.  So is one whose metadata say `"with": (OPTION, VALUES)`, where that option has another value.
    `unknown` may say more of a name that is not among them.
    """
    known = dict(zip(option_names(options), fields(options), strict=True))
    hints = get_type_hints(options)
    values, wrong = {}, []
    for name, value in given.items():
        key = name.replace("_", "-")
        if key not in known:
            cure = suggestion(key, known) or f"options: {', '.join(known) or 'none'}"
            wrong.append(unknown(key) or Diagnostic("E612", f"no option is called {name}", help=cure))
            continue
        if (idle := _idle(key, known[key], concept, rewards)) is not None:
            wrong.append(idle)
            continue
        try:
            values[known[key].name] = _value(hints[known[key].name], value)
        except ValueError as error:
            wrong.append(Diagnostic("E612", f"option {name}: {error}"))
    wrong += [
        Diagnostic("E612", f"option {f.name} is needed")
        for f in known.values()
        if f.name not in values and not wrong and _needed(f)
    ]
    if wrong:
        raise InputError(wrong)
    for f in known.values():
        other, serves = f.metadata.get("with", (None, ()))
        if f.name in values and other is not None:
            value = values.get(other, getattr(options, other))
            if value not in serves:
                what = f"{f.name.replace('_', '-')} does nothing with {other.replace('_', '-')}={value}"
                wrong.append(Diagnostic("E612", what, help=f"it serves {other}={' and '.join(map(str, serves))}"))
    if wrong:
        raise InputError(wrong)
    try:
        return options(**values)
    except ValueError as error:
        raise InputError([Diagnostic("E612", str(error))]) from None


def _idle(key: str, option: Field[Any], concept: str | None, rewards: str | None) -> Diagnostic | None:
    """That the option would do nothing for the concept or for such rewards; None where it does something."""
    serves = option.metadata.get("concepts", (concept,))
    if concept not in serves:
        return Diagnostic("E612", f"{key} does nothing for {concept}", help=f"it serves {' and '.join(serves)}")
    paid = option.metadata.get("rewards", (rewards,))
    if rewards is None or rewards in paid:
        return None
    said, cure = (" and ".join(kinds).replace("_", "-") for kinds in ((rewards,), paid))
    return Diagnostic("E612", f"{key} does nothing with {said} rewards", help=f"it serves {cure} rewards: leave it out")


def option_names(options: type) -> list[str]:
    """The names of an options dataclass as the command line spells them."""
    return [f.name.replace("_", "-") for f in fields(options)]


def useful_options(options: type, concept: str, rewards: str) -> list[str]:
    """The names of those that do something for the concept, in a game with such rewards."""
    known = zip(option_names(options), fields(options), strict=True)
    return [name for name, field in known if _idle(name, field, concept, rewards) is None]


def describe_options(options: type) -> list[str]:
    """One line for each option: name, type and default."""
    hints = get_type_hints(options)
    return [
        f"{f.name.replace('_', '-')}: {_kind(hints[f.name])}" + ("" if _needed(f) else f" = {f.default}")
        for f in fields(options)
    ]


def _kind(hint: Any) -> str:
    if get_origin(hint) is Literal:
        return " | ".join(get_args(hint))
    if hint is type(None):
        return "None"
    return " | ".join(map(_kind, get_args(hint))) or str(getattr(hint, "__name__", hint))


def _needed(f: Field[Any]) -> bool:
    return f.default is MISSING and f.default_factory is MISSING


def _value(kind: Any, value: object) -> Any:
    """Raises ValueError where the value is not of this type."""
    if isinstance(value, str):
        return _read(kind, value)
    kinds = get_args(kind) or (kind,)
    if value is None or isinstance(value, bool):
        if type(value) in kinds:
            return value
    elif isinstance(value, Integral) and int in kinds:
        return int(value)
    elif isinstance(value, Real) and float in kinds:
        return float(value)
    elif isinstance(value, os.PathLike) and str in kinds:
        return os.fspath(value)
    raise ValueError(f"{value!r} is not of type {_kind(kind)}")


def _read(kind: Any, text: str) -> Any:
    if get_origin(kind) is Literal:
        if text in get_args(kind):
            return text
        raise ValueError(f"{text!r} is not one of {', '.join(get_args(kind))}")
    arguments = [k for k in get_args(kind) if k is not type(None)]
    if arguments:
        return None if text == "none" else _read(arguments[0], text)
    if kind is bool:
        if text in ("true", "false"):
            return text == "true"
        raise ValueError(f"{text!r} is neither true nor false")
    return {int: whole, float: real}.get(kind, kind)(text)
