"""A game as an `.efg` text, and controllers as behaviour profiles of it."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from support.kinds import news_codes, prefix
from support.tree import Tree

from posgc.information.extensive import Infosets, efg_lines
from posgc.information.items import Information
from posgc.information.tree import game_tree
from posgc.judge.referee import Profile
from posgc.policy.controllers import Controllers

__all__ = ["exported", "profile"]


def exported(information: Information) -> tuple[str, Infosets]:
    """The text, and its information sets by what the player knows."""
    infosets = Infosets(information.n_agents)
    return "".join(efg_lines("game", information.model.signature.agents, game_tree(information, infosets))), infosets


def profile(information: Information, infosets: Infosets, policy: Controllers) -> Profile:
    """The law that the controllers draw from in each information set of the exported tree, by its number."""
    tree = Tree(information.model, information.protocol)
    laws: list[dict[Hashable, list[float]]] = [{} for _ in range(information.n_agents)]
    for level in tree.histories():
        for _, history in level:
            past = [prefix(history, t) for t in range(1, history.h + 1)]
            steps = [tree.increment(a, b) for a, b in zip([None, *past], past, strict=False)]
            news = tuple(map(tree.code, steps))
            for i, own in enumerate(tree.knowledge(history)[1]):
                first, *later = ([code] for code in news_codes(tree, i, history))
                node = policy.first(i, np.array(first))
                for h, code in enumerate(later, start=1):
                    node = policy.follow(i, h, node, np.array(code))
                choices = len(information.model.choices(i, history.h))
                law = policy.laws(i, history.h, node, choices)[0]
                laws[i][history.h, news, tree.code(own)] = law.tolist()
    return [[laws[i][key] for key in infosets.keys[i]] for i in range(information.n_agents)]
