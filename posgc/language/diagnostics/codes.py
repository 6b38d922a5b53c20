"""The registry of diagnostic codes: the defect, why it is one, a wrong example and a right one.

E1 syntax, E2 names, E3 types, E4 values, E5 sharing, E6 command line and files; W warnings; I errors of
imported files, N notes about them.  Every code of the language that a text alone can raise has examples,
and a test compiles them: the wrong one must raise the code, the right one must compile.
"""

from __future__ import annotations

from collections.abc import Mapping

from posgc.language.diagnostics.code_examples import LANGUAGE
from posgc.language.diagnostics.code_table import Code

__all__ = ["CODES", "Code"]

_OTHERS = (
    # raised where a plug-in with a language block is installed
    Code(
        "E117", "language block not used", "A construct of an installed block stands in a file without its `use` line."
    ),
    Code("E118", "language block that fails", "The plug-in that brings the block is at fault, not the file."),
    # raised on the command line and for files
    Code("E601", "unknown parameter", "`--set` names a parameter that the game does not declare."),
    Code(
        "E602",
        "unknown back-end",
        "`--backend` names a plug-in that is not installed, or a policy needs one that is not.",
    ),
    Code("E603", "no back-end fits", "No installed back-end serves this concept on this game; the table says why."),
    Code("E604", "Assumption 3 fails", "Solving rests on Assumption 3, and it fails (exit status 1)."),
    Code("E605", "gap of another kind", "The policy cannot have a gap of the kind that is asked for."),
    Code("E606", "unreadable input", "The file does not exist, or cannot be read."),
    Code("E607", "horizon missing", "The game has no horizon, or an impossible one: give `--horizon H`, H at least 1."),
    Code("E608", "unreadable witness", "The file holds no witness against Assumption 3."),
    Code("E609", "unreadable policy", "The file is not a policy that `posgc solve --out` has written."),
    Code("E610", "policy of another game", "The policy's agents, actions or information are not those of the game."),
    Code("E611", "misplaced reward reading", "`--reward` re-reads imported files only."),
    Code("E612", "wrong option", "`--option` names an option that the back-end does not have, or a wrong value."),
    Code("E613", "malformed flag", "The value of a command-line flag cannot be read."),
    Code("E614", "unknown requirement", "`--require` takes assumption numbers and bounds such as `gamma>=0.2`."),
    Code("E615", "output not writable", "The output file cannot be written, or another run holds the checkpoint."),
    Code(
        "E616",
        "unknown compression",
        "`--compress` takes `auto`, or the name of a compression that is installed and its values.",
    ),
    Code(
        "E617",
        "compression does not serve the game",
        "The compression refuses this game or structure, or the back-end plans on no graph.",
    ),
    Code("E618", "no gap to meet", "`--compress auto` looks for the cheapest compression that meets `--epsilon X`."),
    Code(
        "E619",
        "game that cannot go on for ever",
        "A game without end needs a discount below 1 and must be the same "
        "at every step: the file may read neither `step` nor `horizon`.",
    ),
    Code("E620", "format not known", "`posgc import` reads files of other formats, told by their content."),
    Code(
        "E624",
        "picture that cannot be drawn",
        "`posgc plot` draws with matplotlib, which `posgc[plot]` brings, as SVG, PNG or PDF.",
    ),
    Code("E621", "parameter out of range", "`--set` gives a parameter a value outside of its declared range."),
    Code(
        "E622",
        "not a number",
        "`--set` takes 0.5, 3 or 1/3, within the range of doubles; an `int` takes whole numbers of 64 bits.",
    ),
    Code("E623", "impossible override", "`--horizon` is a whole number from 1, `--discount` lies in [0, 1]."),
    Code(
        "E625",
        "rewards too large",
        "The discounted sum of the largest rewards over the steps is above 1e150, where squares overflow.",
    ),
    Code("E631", "unknown export format", "`--to` names a format that no installed plug-in writes."),
    Code("E632", "no such export", "The format cannot hold this game; the message says why."),
    Code("E633", "no such referee", "`--referee` names none that is installed, or one that cannot judge this game."),
    # raised for calls from Python
    Code(
        "E634",
        "arrays that make no game",
        "Shapes disagree, a row is not a probability distribution, or a name is not one.",
    ),
    Code(
        "E635",
        "lags that do not fit the game",
        "A `posgc.LagTable` has a row for each variable of the game and a "
        "lag for each agent; an owner has its own observation at age 0, its own action at age 1.",
    ),
    Code("E636", "library not installed", "What was asked for is done by another library, which is not there."),
    Code(
        "E637",
        "policy that cannot be played",
        "What a back-end returned does not fit the game or cannot be saved; the message says where. The plug-in has a "
        "mistake.",
    ),
    Code(
        "E638",
        "plug-in that fails",
        "A plug-in that posgc did not write raised what it should not; the message names it. The plug-in has a "
        "mistake.",
    ),
    Code(
        "E640",
        "budget below one episode",
        "A back-end that learns cannot play one episode within `--samples`, or not the rollouts that were asked for; "
        "`posgc marl` plays at least one batch.",
    ),
    Code(
        "E641",
        "environment that fails",
        "The environment raised, left its spaces, paid something other than finite numbers, or cannot be sent to other "
        "processes; the message says where, or why.",
    ),
    Code(
        "E642",
        "checkpoint of another run",
        "The checkpoint was written by a run of another game, protocol, concept, back-end, version, seed or budget, or "
        "with other options; the message names what differs. The file is left as it is.",
    ),
    Code(
        "E643",
        "unreadable checkpoint",
        "The file is not a checkpoint, or it is damaged. It is left as it is.",
    ),
    Code("E644", "unknown environment", "`posgc marl` trains in `spread`, `speaker_listener` and `reference`."),
    Code("E645", "unknown code", "`posgc explain` takes the code of a diagnostic."),
    Code("E646", "nothing to test", "`posgc test` takes `.posg` files and folders that hold some."),
    Code("E647", "claim that fails", "An `expect` line says of its game what is not so (exit status 1)."),
    Code(
        "E648",
        "claim that is not decided",
        "Nothing decides an `expect` line: no planner serves the game, a limit was met, or the number is known less "
        "closely than the claim says (exit status 3).",
    ),
    Code(
        "E660",
        "grid of too many points",
        "`posgc compare` looks at no more than 10,000 points: protocols times horizons times values of parameters.",
    ),
    Code(
        "E661",
        "store that cannot be used",
        "The file of `--store` is no store, has another format, is locked, or cannot be read or written. It is left as "
        "it is; what was found is printed all the same.",
    ),
    Code(
        "E662",
        "values that contradict the order of protocols",
        "A team can do under a richer protocol all that it can do under a poorer one, and yet the poorer one is worth "
        "more (exit status 1). One of the two numbers is wrong: posgc or a plug-in has a mistake.",
    ),
    Code(
        "E663",
        "Ray cluster that cannot be used",
        "`--ray` names no cluster that can be reached, or one whose machines lack this version of posgc; the message "
        "says why.",
    ),
    Code(
        "E670",
        "lattice of too many protocols",
        "`posgc design` looks at no more than 10,000 protocols, one for each choice of lags for the links, unless "
        "`--max-points` says otherwise. Nothing is solved.",
    ),
    Code(
        "E671",
        "price, lag or link that makes no sense",
        "`posgc design` was given a price of something that cannot be told, a lag that is none, an edge between agents "
        "that are not there, or a value that nobody has.",
    ),
    # warnings
    Code("W101", "rewards read differently", "MADP would read other rewards from this file than Cassandra's rule."),
    Code("W701", "no reward", "The game has no `reward` line, so that every value is 0."),
    Code("W702", "definition never used", "A `let` is used nowhere."),
    Code("W703", "arm never reached", "An arm of a `match` stands after one that takes everything."),
    Code(
        "W704",
        "index that stands for everybody",
        "A new name in brackets, or after `to`, is used nowhere else in its line, and so stands for all; `i` and other "
        "single letters are not looked at.",
    ),
    Code(
        "W705",
        "values not all looked at",
        "The file has mistakes, and is too large to look for more in all states; mend those that are shown first.",
    ),
    Code(
        "W706",
        "protocol with nearly a standard name",
        "A block with the name of a standard structure means the same; with a name that is one slip away from it, the "
        "structure itself is what `--share` finds under the right name.",
    ),
    Code(
        "W707",
        "enumerator that is nearly another",
        "Two types have words in common, and a word of one is a slip of the pen away from a word of the other.",
    ),
    Code("W708", "parameter never used", "A `param` is mentioned nowhere else; `--set` then changes nothing."),
    Code("W709", "type or graph never used", "A `type` or a `graph` is mentioned nowhere else."),
    Code(
        "W710",
        "state without consequence",
        "No observation, reward or end of the game depends on the state, directly or through others.",
    ),
    Code("W711", "draw never read", "A `chance` of the game or of a protocol is mentioned nowhere else."),
    Code("W712", "argument never used", "An argument of a protocol or of a definition is not mentioned in it."),
    Code("W713", "observation never made", "The observation has neither `init` nor `observe`."),
    Code(
        "W714",
        "agent without rewards",
        "Other agents are given rewards, and this one none; `reward bob = 0;` says that this is meant.",
    ),
    Code(
        "W715",
        "observation of the state before the step",
        "An `observe` line reads states that move, and all of them unprimed: as they were before the step.",
    ),
    Code(
        "W716",
        "protocol that shares nothing",
        "Nobody learns anything by its rules; empty braces, `share alone { }`, say that this is meant.",
    ),
    Code(
        "W717",
        "protocol that is another one",
        "Two protocols of the file tell the same agents the same at the same time.",
    ),
    Code(
        "W718",
        "delay beyond the horizon",
        "All that a rule sends arrives after the last decision. Delays that are arguments are not looked at, nor any "
        "where `--horizon` is given.",
    ),
    Code(
        "W719",
        "comment that allows nothing",
        "`# posgc: allow W710` allows the warnings of these codes on its line; this one names no code of a warning.",
    ),
    Code("W720", "constant observation", "The observation takes one value only, in all states that are reached."),
    Code(
        "W721",
        "observation that tells nothing",
        "The observation is independent of states, actions, other observations and rewards.",
    ),
    Code(
        "W722",
        "action that changes nothing",
        "No state, observation or reward depends on the action, and no protocol tells it to anybody.",
    ),
    Code(
        "W723", "state value never reached", "The type of a state has values that no play leads to, however long it is."
    ),
    Code(
        "W724",
        "reward beyond reach",
        "A branch of a reward that is not 0 is taken in no play; where the file's own horizon is too short, too.",
    ),
    Code(
        "W725",
        "tables not searched",
        "The tables are too large for the warnings that need them, W720 to W724.",
    ),
    # imported files
    Code("I101", "malformed file", "The text does not follow the grammar of its format."),
    Code("I102", "unknown name or index", "A state, action, observation or agent that the header does not have."),
    Code("I103", "row does not sum to 1", "The probabilities of a row, as the file leaves them, do not sum to 1."),
    Code("I104", "statement out of place", "A header statement is missing, given twice, or out of order."),
    Code("I105", "value out of range", "A number is not a probability, a count or a discount where it should be."),
    Code("I106", "wrong reading of the rewards", "`--reward` is `team` or, for two agents, `zero_sum`."),
    Code(
        "I107",
        "outside of the class",
        "The file holds a game outside of its format's class, or something that is not a POSG.",
    ),
    Code("N101", "comment after a statement", "Read leniently; MADP does not read it."),
    Code("N102", "blank line", "Read leniently; MADP does not read it everywhere."),
    Code("N103", "no newline at the end", "Read leniently; MADP needs one."),
    Code("N104", "`start` on another line", "Read leniently; MADP wants the start law on the line after `start:`."),
    Code("N105", "costs", "Costs are read as negative rewards; MADP refuses them."),
    Code("N106", "rounded probabilities", "The sum was within the rounding of the file, and was made 1."),
    Code("N107", "names in quotes", "The dialect of the SDMS files."),
    Code("N108", "short rewards", "`R: ja : s : r`, the dialect of the SDMS files."),
    Code("N109", "values on other lines", "Read leniently; MADP expects one row a line."),
    Code("N110", "keyword on the statement's line", "Read leniently; MADP wants it on the line below."),
    Code("N111", "a reward for each agent", "Our dialect of `.dpomdp`; MADP reads one reward."),
    Code("N112", "zero-sum by its ending", "A `.zsposg` of SDMS holds the first agent's rewards."),
    Code("N113", "actions by number", "Which actions there are depends on the place: action k is the k-th of them."),
    Code("N114", "rows that no play uses", "Rows of T or O are all zero where no play comes; they are left out."),
    Code("N115", "colon before a value", "Read leniently; Cassandra's format has no colon before a number or row."),
    Code("N116", "labels left out", "Labels of a PRISM model serve properties, which are not read."),
    Code("N117", "rewards left out", "Of several reward structures the first is read; without one everything earns 0."),
    Code("N118", "deadlock", "Where nothing can happen the state stays for ever, as in PRISM."),
    Code("N119", "actions by state", "Which actions there are depends on the state: another one is the first of them."),
)

CODES: Mapping[str, Code] = {code.code: code for code in (*LANGUAGE, *_OTHERS)}
