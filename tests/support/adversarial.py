"""Games built to catch a bound that is false: distant prizes, late steps, cancelling probabilities, wide rewards.

`challenge(seed)` is a `.posg` text and how to ask posgc about it.  All numbers are decimal literals, and weights of
a law add up to exactly one as written, so that `support.exact` reads the same game.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from random import Random

__all__ = ["Challenge", "challenge"]

TINY = ("1e-13", "4e-13", "1e-12", "3e-11", "4e-10", "2e-9", "1e-6", "0.001")
PLAIN = ("0.5", "0.25", "0.3", "0.1", "0.05", "0.125")
STRUCTURES = (
    "full",
    "full",
    "one_step",
    "one_step",
    "one_directional(ann -> bob)",
    "controlled_by(ann, 2)",
    "uncontrolled(2)",
    "none",
    "delayed(2)",
    "forgetful",
)
COMPRESSIONS = (
    "exact",
    "bisimulation",
    "belief(1e-9)",
    "belief(1e-6)",
    "belief(0.1)",
    "belief(0.6)",
    "window(1)",
    "window(2)",
    "auto",
)


@dataclass(frozen=True)
class Challenge:
    """`rewards`: how they are written (team, zero_sum or each); `target` is that of `auto`."""

    seed: int
    text: str
    share: str
    endless: bool
    rewards: str
    compress: str | None
    target: float | None


def challenge(seed: int) -> Challenge:
    """The game of this number."""
    rng = Random(seed)
    endless = rng.random() < 0.15
    share = rng.choice(("full", "full", "one_step", "none") if endless else STRUCTURES)
    writer = _Writer(rng, endless, share)
    hidden = not endless and rng.random() < 0.12
    text, rewards, size = writer.hidden_signal() if hidden else writer.game()
    share = "nope" if hidden else share
    compress = rng.choice(COMPRESSIONS) if rng.random() < 0.3 else None
    target = size * 10.0 ** rng.choice((-14, -10, -6, -2, 0)) if compress == "auto" else None
    return Challenge(seed, text, share, endless, rewards, compress, target)


class _Writer:
    def __init__(self, rng: Random, endless: bool, share: str) -> None:
        self.rng, self.endless, self.share = rng, endless, share
        self.horizon = rng.choice((1, 2, 2, 2, 3, 3)) if share != "none" else rng.choice((1, 2, 2))
        self.top = rng.choice((1, 1, 1, 2))  # the largest value of s
        self.far = rng.random() < (0.5 if endless else 0.25)  # a counter, and a prize at its end
        self.end = rng.choice((2, 5, 12, 20, 32)) if endless else rng.choice((1, 2, 3))
        self.types = not endless and rng.random() < 0.3  # ann is told something at the start
        self.tame = rng.random() < 0.25  # nothing extreme in it

    def game(self) -> tuple[str, str, float]:
        reward, kind, size = self._rewards()
        discount = self.rng.choice((0.1, 0.3, 0.5)) if self.endless else self.rng.choice((1, 1, 0.9, 0.5))
        lines = [
            f"horizon {self.horizon};",
            f"discount {discount};",
            "agents ann, bob;",
            f"state s: 0..{self.top};",
            "action a[i]: {x, y};",
            f"init s ~ {self._start()};",
            f"next s ~ {self._move()};",
        ]
        if self.far:
            lines += [f"state n: 0..{self.end};", "init n = 0;", f"next n ~ {self._clock()};"]
        if self.types:
            lines += ["state t: 0..1;", f"init t ~ {self._law('0', '1')};", "next t = 0;"]
        lines += [*self._sights(), *reward]
        if self.share == "forgetful":
            lines.append(
                self.rng.choice(
                    (
                        "share forgetful { forget after 0; }",
                        "share forgetful { forget after 1; }",
                        "share forgetful { a after 1; forget after 1; }",
                    )
                )
            )
        return "game g {\n  " + "\n  ".join(lines) + "\n}\n", kind, size

    def hidden_signal(self) -> tuple[str, str, float]:
        """Ann's hidden move hardly ever moves the state, and tells of her type; much is at stake when it does."""
        rng, p = self.rng, Decimal(self.rng.choice(TINY))
        prize = Decimal(rng.choice(("1", "2.5", "-1"))).scaleb(rng.randint(0, 14))
        cost = Decimal(rng.choice(("1", "10", "0"))).scaleb(rng.randint(-3, 4))
        when, other = rng.choice(("t == 1", "t == 0", "t == t")), rng.choice(("s", "0", f"{{0: {1 - p:f}, 1: {p:f}}}"))
        law = f"if {when} and a[ann] == y then {{0: {1 - p:f}, 1: {p:f}}} else {other}"
        told = rng.choice(("init o[ann] = t;", f"init o[ann] ~ {self._noisy('t')};"))
        keep = rng.choice(("forget after 0;", "forget after 0;", "forget after 1;", "", "o after 1; forget after 1;"))
        body = (
            f"if step == 1 then (if a[ann] == y and t == {rng.randint(0, 1)} then -{cost:f} else 0) "
            f"else if s == 1 and a[bob] == y then {prize:f} else 0"
        )
        kind = rng.choice(("team", "team", "zero_sum"))
        lines = [
            "horizon 2;",
            "agents ann, bob;",
            "state t: 0..1;",
            "state s: 0..1;",
            "action a[i]: {x, y};",
            "observation o[ann]: 0..1;",
            "init t ~ uniform;",
            "init s = 0;",
            told,
            "next t = 0;",
            f"next s ~ {law};",
            f"reward {'team' if kind == 'team' else 'zero_sum ann'} = {body};",
            f"share nope {{ {keep} }}",
        ]
        return "game g {\n  " + "\n  ".join(lines) + "\n}\n", kind, abs(float(prize))

    # ---- laws

    def _small(self) -> str:
        return self.rng.choice(PLAIN if self.tame or self.rng.random() < 0.5 else TINY)

    def _law(self, one: str, two: str) -> str:
        """A mixture of two whose weights cancel to exactly one."""
        p = Decimal(self._small())
        pair = [f"{one}: {1 - p:f}", f"{two}: {p:f}"]
        self.rng.shuffle(pair)
        return "{" + ", ".join(pair) + "}"

    def _noisy(self, of: str) -> str:
        return f"noisy({of}, {1 - Decimal(self._small()):f})"

    def _start(self) -> str:
        return self.rng.choice(("uniform", self._law("0", "1"), "0"))

    def _condition(self) -> str:
        """Over actions, state and step."""
        pool = [
            "a[ann] == y",
            "a[bob] == x",
            "a[ann] == a[bob]",
            "s == 0",
            "s == 1 and a[ann] == y",
            "a[ann] == y and a[bob] == y",
            "s == 1",
        ]
        if self.types:
            pool += ["t == 1", "t == 1 and a[ann] == y"]
        if self.far:
            pool += [f"n == {self.end}", f"n >= {max(1, self.end - 1)} and a[ann] == x"]
        if not self.endless or self.rng.random() < 0.03:
            pool += [f"step >= {self.rng.randint(1, 4)} and a[ann] == y", f"step == {self.rng.randint(1, 3)}"]
        return self.rng.choice(pool)

    def _move(self) -> str:
        deterministic = [str(self.rng.randint(0, self.top)), "s", "min(s + 1, 1)", "1 - min(s, 1)"]
        if self.endless and self.share == "none":
            return self.rng.choice(deterministic)
        options = [*deterministic, self._noisy("s"), self._law("0", "1"), self._law("s", "0"), "uniform"]
        then, other = self.rng.choice(options), self.rng.choice(options)
        if self.share in ("none", "delayed(2)", "uncontrolled(2)") and self.rng.random() < 0.7:
            return f"if s == 0 then {then} else {other}"  # nobody controls it
        return f"if {self._condition()} then {then} else {other}" if self.rng.random() < 0.8 else then

    def _clock(self) -> str:
        go = f"min(n + 1, {self.end})"
        return go if self.endless or self.rng.random() < 0.5 else f"if {self._condition()} then {go} else n"

    def _sights(self) -> list[str]:
        if self.endless:  # beliefs that are finitely many: the state is seen, or nothing is
            if self.share == "none":
                return []
            return [f"observation o[ann]: 0..{self.top};", "init o[ann] = s;", "observe o[ann] = s';"]
        if self.types:
            return ["observation o[ann]: 0..1;", "init o[ann] = t;"] + (
                [f"observe o[ann] ~ {self._noisy('min(s' + chr(39) + ', 1)')};"] if self.rng.random() < 0.4 else []
            )
        which = self.rng.choice(("none", "one", "one", "both", "seen"))
        if which == "none":
            return []
        if which == "both" and self.horizon <= 2:
            return ["observation o[i]: 0..1;", f"observe o[i] ~ {self._noisy('min(s' + chr(39) + ', 1)')};"]
        law = "min(s', 1)" if which == "seen" else self._noisy("min(s', 1)")
        owner = self.rng.choice(("ann", "bob"))
        return [f"observation o[{owner}]: 0..1;", f"observe o[{owner}] ~ {law};"]

    # ---- rewards

    def _size(self) -> str:
        """A decimal; `tame` ones are small whole numbers."""
        if self.tame or self.rng.random() < 0.4:
            return self.rng.choice(("1", "2", "3", "-1", "0.5", "-2.5", "0", "10"))
        digits = self.rng.choice(("1", "-1", "3", "1.0000000000001", "-7.7"))
        return str(Decimal(digits).scaleb(self.rng.randint(-12, 15)))

    def _term(self) -> str:
        return f"(if {self._condition()} then {self._size()} else {self._size()})"

    def _rewards(self) -> tuple[list[str], str, float]:
        terms = [self._term() for _ in range(self.rng.choice((1, 1, 2, 2, 3)))]
        if self.far:
            prize = Decimal(self.rng.choice(("1", "-3"))).scaleb(self.rng.choice((0, 3, 10, 14)))
            terms.append(f"(if n == {self.end} and a[ann] == a[bob] then {prize:f} else 0)")
        body = " + ".join(terms)
        size = max(
            abs(float(w))
            for t in terms
            for w in t.replace("(", " ").replace(")", " ").split()
            if w.lstrip("-")[:1].isdigit()
        )
        kind = self.rng.choice(("team", "team", "zero_sum", "zero_sum", "each"))
        if kind == "team":
            return [f"reward team = {body};"], kind, size
        if kind == "zero_sum":
            return [f"reward zero_sum ann = {body};"], kind, size
        sign = self.rng.choice(("", "-"))
        apart = f"(if {self._condition()} then {Decimal(self.rng.choice(TINY)):f} else 0)"
        if self.rng.random() < 0.4:  # matching pennies beside a prize that nobody can win
            apart = f"(if a[ann] == a[bob] then {self._small()} else 0)"
            void = f"(if s == {self.top} and a[ann] == y then 1000000000 else 0)"
            return [f"reward ann = {body} + {void} + {apart};", f"reward bob = {sign}({body} + {void});"], kind, size
        return [f"reward ann = {body};", f"reward bob = {sign}({body}) + {apart};"], kind, size
