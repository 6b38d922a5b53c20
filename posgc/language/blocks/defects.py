"""Why a language block cannot be taken, as far as that is seen from its text."""

from __future__ import annotations

import re
from collections.abc import Iterable

from posgc.language.blocks.contract import Block
from posgc.language.blocks.fragments import defined_names, directives, item_keywords, tree_names
from posgc.language.text.dialect import base_grammar, is_name

__all__ = ["block_defect"]


def block_defect(block: Block, others: Iterable[Block] = ()) -> str | None:
    """Why a block cannot stand beside posgc's own grammar and the `others`, seen from their texts; None if it can."""
    return _form_defect(block) or _base_collision(block) or _collision(block, others)


def _form_defect(block: Block) -> str | None:
    for attribute in ("name", "summary", "grammar"):
        if not isinstance(getattr(block, attribute, None), str):
            return f"it has no `{attribute}`"
    for method in ("node", "elaborate", "space"):
        if not callable(getattr(block, method, None)):
            return f"it has no method `{method}`"
    if not (re.fullmatch(r"[a-z][a-z0-9_]*", block.name) and is_name(block.name)):
        return f"`{block.name}` cannot be its name: a name is made of a to z, digits and `_`, and not reserved"
    found = directives(block.grammar)
    if found:
        return f"its grammar has the directive `{found[0]}`; it may only define rules and terminals"
    if block.name not in defined_names(block.grammar):
        return f"its grammar does not define the rule `{block.name}`"
    words = item_keywords(block.name, block.grammar)
    if words is None:
        return f"an alternative of its rule `{block.name}` does not begin with a word in quotes"
    reserved = [w for w in words if not is_name(w)]
    return f"its item begins with `{reserved[0]}`, which is a word of the language" if reserved else None


def _base_collision(block: Block) -> str | None:
    taken = {*defined_names(base_grammar()), *tree_names(base_grammar())}
    twice = [n for n in (*defined_names(block.grammar), *tree_names(block.grammar)) if n in taken]
    return f"its grammar defines `{twice[0]}`, which posgc's grammar defines" if twice else None


def _collision(block: Block, others: Iterable[Block]) -> str | None:
    names = {*defined_names(block.grammar), *tree_names(block.grammar)}
    words = set(item_keywords(block.name, block.grammar) or ())
    for other in others:
        if other.name == block.name:
            return "offered twice; the first was taken"
        twice = names & {*defined_names(other.grammar), *tree_names(other.grammar)}
        if twice:
            return f"its grammar defines `{min(twice)}`, as the block `{other.name}` does"
        same = words & set(item_keywords(other.name, other.grammar) or ())
        if same:
            return f"its item begins with `{min(same)}`, as one of the block `{other.name}` does"
    return None
