"""How to recompute what a page says: commands, and what identifies the game and the programs."""

from __future__ import annotations

import shlex
from importlib.metadata import version

from posgc.information.graph import DEFAULT_MAX_NODES
from posgc.pipeline import Compiled, Findings
from posgc.plugin.registry import registry
from posgc.report.page.game import fingerprint

__all__ = ["identity", "recheck"]

POLICY, WITNESS = "policy.npz", "witness.json"
"""Names of files that the commands write."""


def recheck(found: Findings) -> list[tuple[str, str]]:
    """What each command does, and the command."""
    game, horizon = found.compiled.request.path, str(found.compiled.model.horizon)
    reading = (*_share(found.compiled), *_reading(found.compiled))
    pairs = [("check the assumptions, with all proofs", _line("check", game, *reading, "--verbose"))]
    if found.report.independence.witness is not None:
        writes = _line("check", game, *reading, "--witness", WITNESS)
        replays = _line("check", game, *reading, "--replay", WITNESS)
        pairs += [("write the counterexample to Assumption 3", writes), ("recompute it by Bayes' rule", replays)]
    if found.solution is not None:
        solves = _line("solve", game, *_solving(found), *reading, "--out", POLICY)
        pairs.append(("find the policy again, and keep it", solves))
    if found.policy is not None:
        path = POLICY if found.given is None else found.given.path
        verifies = _line("verify", game, path, *reading)
        pairs.append(("recompute values and gap from the game and the policy file alone", verifies))
        for referee in registry().referees.values():
            missing = referee.applies()
            judges = f"have {referee.name} recompute them" + (f" ({missing})" if missing else "")
            pairs.append((judges, f"{verifies} --referee {shlex.quote(referee.name)}"))
        pairs.append(("read more of the policy", _line("show", path, "--width", "5", "--depth", horizon)))
    if found.comparison is not None and found.compiled.request.folder is None:  # `compare` looks beside the game only
        shares = [word for name in found.comparison.protocols for word in ("--share", name)]
        asked = (*shares, *_solving(found), *_reading(found.compiled, "--horizon", horizon))
        pairs.append(("compare the protocols", _line("compare", game, *asked)))
    return pairs


def identity(found: Findings) -> list[tuple[str, str]]:
    """What tells whether somebody else has the same game and the same programs."""
    compiled, policy = found.compiled, found.policy
    made = {"posgc": version("posgc")} if policy is None else policy.header.versions
    return [
        ("file of the game", compiled.request.path if compiled.source is None else compiled.source.name),
        ("SHA-256 of its text, what it includes in its place", fingerprint(compiled)),
        ("digest of its tables", compiled.model.digest),
        *([] if found.given is None else [("file of the policy", found.given.path)]),
        ("versions", ", ".join(f"{name} {number}" for name, number in made.items())),
        ("seed of whatever is random", str(compiled.request.seed)),
    ]


def _line(*words: str) -> str:
    return shlex.join(("posgc", *words))


def _share(compiled: Compiled) -> tuple[str, ...]:
    share = compiled.request.share
    return ("--share", share) if isinstance(share, str) else ()


def _reading(compiled: Compiled, *horizon: str) -> list[str]:
    """The flags that say how the game was read, but for the protocol; `horizon` instead of the one asked for."""
    request = compiled.request
    words = [word for name, value in request.settings.items() for word in ("--set", f"{name}={value}")]
    if horizon:
        words += horizon
    elif request.endless:
        words += ["--horizon", "inf"]
    elif request.horizon is not None:
        words += ["--horizon", str(request.horizon)]
    words += [] if request.discount is None else ["--discount", repr(request.discount)]
    words += [] if request.reward is None else ["--reward", request.reward]
    words += [] if request.folder is None else ["--folder", request.folder]
    words += [] if request.max_nodes == DEFAULT_MAX_NODES else ["--max-nodes", str(request.max_nodes)]
    return words + ([] if request.seed == 0 else ["--seed", str(request.seed)])


def _solving(found: Findings) -> list[str]:
    """The flags that say how it was solved."""
    question = found.question
    words = ["--concept", question.concept]
    words += [] if question.backend is None else ["--backend", question.backend]
    words += [word for name, value in question.options.items() for word in ("--option", f"{name}={value}")]
    if question.compress is not None:
        words += ["--compress", question.compress.spec]
        words += [] if question.compress.target is None else ["--epsilon", repr(question.compress.target)]
    return words
