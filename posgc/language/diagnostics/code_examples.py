"""The codes of the language, each with a wrong example and the same put right."""

from __future__ import annotations

from posgc.language.diagnostics.code_table import Code, game

__all__ = ["LANGUAGE"]


def _pair(code: str, title: str, explanation: str, wrong: str, right: str) -> Code:
    return Code(code, title, explanation, game(wrong), game(right))


def _without(line: str, text: str) -> str:
    return "".join(row for row in text.splitlines(keepends=True) if line not in row)


_DEEP = "let f = " + "-" * 300 + "1;"
_HUGE = "let f = sum(j in 1..10000: sum(k in 1..10000: j * k));"

_SYNTAX = (
    _pair(
        "E101", "unexpected word or sign", "The grammar wants something else here.", "let f = 3 +;", "let f = 3 + 1;"
    ),
    _pair(
        "E102",
        "decimal point without a digit",
        "`0..2` is a range, so a decimal needs digits on both sides.",
        "let f = .5;",
        "let f = 0.5;",
    ),
    Code(
        "E103",
        "unclosed title",
        "A title ends on the line on which it begins.",
        game("").replace("game g", 'game g "a title'),
        game("").replace("game g", 'game g "a title"'),
    ),
    _pair("E104", "`=` for a comparison", "`=` defines, `==` compares.", "let f = s = a;", "let f = s == a;"),
    _pair(
        "E105",
        "chained comparison",
        "`a < b < c` would compare a truth value with a number.",
        "let f = 1 < step < 3;",
        "let f = 1 < step and step < 3;",
    ),
    _pair(
        "E106",
        "reserved word as a name",
        "The words of the language cannot be names.",
        "let next = 3;",
        "let next_ = 3;",
    ),
    _pair(
        "E107",
        "missing semicolon",
        "Every item, rule and arm ends with `;`.",
        "let f = 3\n  let g = 4;",
        "let f = 3;\n  let g = 4;",
    ),
    _pair("E108", "unclosed bracket", "A bracket is opened and never closed.", "let f = (3;", "let f = (3);"),
    _pair(
        "E109",
        "operator of another language",
        "The operators are `and or not mod ^ ==`; comments begin with `#`.",
        "let f = s == a && step == 1;",
        "let f = s == a and step == 1;",
    ),
    _pair(
        "E110",
        "character without a meaning",
        "Names are made of the letters a to z, digits and `_`.",
        "let f = 3 @ 4;",
        "let f = 3 * 4;",
    ),
    _pair(
        "E111",
        "nested too deeply",
        "Expressions nest at most 200 levels, expanded definitions included.",
        _DEEP,
        "let f = -1;",
    ),
    Code("E112", "text too large", "A file has at most 10 MB and a million words and signs."),
    Code("E113", "not a text", "The file is not UTF-8, or holds NUL characters."),
    Code("E114", "nothing here", "The file has no game.", "# nothing\n", game("")),
    _pair(
        "E115",
        "malformed binder",
        "`i`, `j != i`, `k in 1..3` and `r in room` bind an index.",
        "let f = sum(3: 1);",
        "let f = sum(k in 1..3: 1);",
    ),
    Code(
        "E116",
        "language block not installed",
        "The file uses a block that a plug-in brings, and it is not there.",
        "use networked;\n" + game(""),
        game(""),
    ),
    _pair(
        "E119",
        "misspelt word of the language",
        "What stands here is nearly a word that would fit.",
        "let f = if s == a tehn 1 else 0;",
        "let f = if s == a then 1 else 0;",
    ),
    _pair(
        "E120",
        "form of another language",
        "A choice is `if a then b else c`, without braces; a definition has a line of its own.",
        "let f = s == a ? 1 : 0;",
        "let f = if s == a then 1 else 0;",
    ),
    _pair(
        "E121",
        "missing comma",
        "What is listed has commas between.",
        "state t: {p q};\n  init t = p;",
        "state t: {p, q};\n  init t = p;",
    ),
    _pair(
        "E122",
        "`=` for a colon",
        "In braces, a value is joined with its probability, and a pattern with its value, by `:`.",
        "next s ~ {a: 0.5, b = 0.5};",
        "next s ~ {a: 0.5, b: 0.5};",
    ),
    _pair(
        "E123",
        "prime out of place",
        "A prime stands right of what is read, behind its index; what a line defines has none.",
        "next s' = a;",
        "next s = a;",
    ),
    Code(
        "E124",
        "quotes of a word processor",
        "A title stands in straight quotes.",
        game("").replace("game g", "game g “a title”"),
        game("").replace("game g", 'game g "a title"'),
    ),
    _pair(
        "E125",
        "file that cannot be included",
        "`include` names a file in the folder of the game or below it, which does not include itself; a game on "
        "standard input needs `--folder`.",
        'include "common.posg";',
        "",
    ),
)

_NAMES = (
    _pair("E201", "unknown name", "The name is declared nowhere.", "let f = ss == a;", "let f = s == a;"),
    _pair("E202", "name declared twice", "A name means one thing.", "let s = 3;", "let f = 3;"),
    _pair(
        "E203",
        "enumerator that is a declared name",
        "An enumerator means itself, so it can be no other name.",
        "state t: {ann, other};\n  init t = other;",
        "state t: {anne, other};\n  init t = other;",
    ),
    _pair(
        "E204",
        "index that reuses a name",
        "An index or argument must not hide a name in scope.",
        "let f = count(s: true);",
        "let f = count(i: true);",
    ),
    _pair("E205", "defined twice", "Two lines define the same thing.", "next s = a;\n  next s = b;", "next s = a;"),
    _pair(
        "E206",
        "definition that needs itself",
        "Definitions are expanded in place, so they cannot recur.",
        "let f = g + 1;\n  let g = f;",
        "let f = g + 1;\n  let g = 1;",
    ),
    _pair(
        "E207",
        "wrong number of indices, arguments or patterns",
        "Each has a fixed number of them.",
        "let f = act == x;",
        "let f = act[ann] == x;",
    ),
    _pair(
        "E208",
        "missing declaration",
        "Agents are needed, and an `init` for every state.",
        "state t: bool;",
        "state t: bool;\n  init t = true;",
    ),
    _pair("E209", "listed twice", "A set lists each value once.", "type t = {p, q, p};", "type t = {p, q};"),
    _pair(
        "E211",
        "read of what is not there",
        "`init` reads first values, `terminal` the state, `when` the state and the step; "
        "an unprimed observation is read only in `init`.",
        "next s = o[ann];",
        "next s = if act[ann] == x then a else b;",
    ),
    _pair(
        "E212",
        "draws that depend on themselves",
        "There must be an order in which the draws can be made.",
        "state t: {a, b};\n  init t = a;\n  next t = s';\n  next s = t';",
        "state t: {a, b};\n  init t = a;\n  next t = s';\n  next s = t;",
    ),
    _pair(
        "E213",
        "prime without a meaning",
        "Only states, observations and definitions of them have a next value.",
        "let f = act[ann]';",
        "let f = s';",
    ),
    _pair(
        "E215",
        "line of the wrong kind",
        "A state has `init` and `next`, an observation `init` and `observe`.",
        "next o[i] = a;",
        "next s = a;",
    ),
    _pair(
        "E216",
        "index that is nearly a name",
        "A new name in brackets, or after `to`, stands for every agent or value; this one is a slip of the pen away "
        "from a name of the file.",
        "share p { o[ann] to bbo after 1; }",
        "share p { o[ann] to bob after 1; }",
    ),
    _pair(
        "E217",
        "list that does not fit its indices",
        "A list gives one value for each value of an index on the left, in their order; a list of lists serves two.",
        "let f[i] = [1, 2, 3];",
        "let f[i] = [1, 2];",
    ),
)

_TYPES = (
    _pair(
        "E301",
        "value of the wrong kind",
        "Words, truth values and numbers do not mix.",
        "let f = 1 + (s == a);",
        "let f = 1 + (if s == a then 1 else 0);",
    ),
    _pair(
        "E302",
        "branches of different kinds",
        "An expression has values of one kind.",
        "let f = if s == a then 1 else b;",
        "let f = if s == a then a else b;",
    ),
    _pair(
        "E303",
        "comparison that never holds",
        "The two sides have no word in common.",
        "let f = s == x;",
        "let f = s == a;",
    ),
    _pair("E304", "word outside the type", "A variable takes the words of its type.", "next s = x;", "next s = b;"),
    _pair(
        "E305",
        "distribution in place of a value",
        "`=` and operators take values; distributions stand after `~`.",
        "next s = uniform;",
        "next s ~ uniform;",
    ),
    _pair(
        "E306",
        "not a constant",
        "Types, parameters, patterns and left sides are made of constants.",
        "state t: 0..step;\n  init t = 0;",
        "state t: 0..2;\n  init t = 0;",
    ),
    _pair(
        "E307",
        "real in place of an integer",
        "`/` is real division; a range takes integers.",
        "state t: 0..4;\n  init t = 0;\n  next t = t / 2;",
        "state t: 0..4;\n  init t = 0;\n  next t = match (t) { 0..1: 0; 2..3: 1; 4: 2; };",
    ),
    _pair("E308", "too large", "What is written would not fit into memory.", _HUGE, "let f = sum(j in 1..100: j);"),
    _pair(
        "E309",
        "action or observation without its agent",
        "It must be said whose it is.",
        "action move: bool;",
        "action move[i]: bool;",
    ),
    _pair(
        "E310",
        "distribution unfit for the type",
        "`bernoulli` draws a truth value.",
        "next s ~ bernoulli(0.5);",
        "next s ~ {a: 0.5, b: 0.5};",
    ),
    Code(
        "E311",
        "zero-sum game that has not two agents",
        "Only with two agents does one get the other's negative.",
        game("reward zero_sum ann = 1;").replace("ann, bob", "ann, bob, cyd"),
        game("reward zero_sum ann = 1;"),
    ),
    _pair(
        "E313",
        "claim without a meaning",
        "`expect` takes claims on assumptions, gamma, values and gaps.",
        "expect assumption 4;",
        "expect assumption 3;",
    ),
)

_VALUES = (
    _pair(
        "E401",
        "value out of range",
        "A variable takes the values of its type, an index those declared.",
        "state t: 0..2;\n  init t = 3;",
        "state t: 0..2;\n  init t = 2;",
    ),
    _pair(
        "E402",
        "probability out of range",
        "A probability lies in [0, 1].",
        "next s ~ noisy(s, 1.5);",
        "next s ~ noisy(s, 0.5);",
    ),
    _pair(
        "E403",
        "probabilities that do not sum to 1",
        "A distribution gives probability 1 in all.",
        "next s ~ {a: 0.5, b: 0.4};",
        "next s ~ {a: 0.5, b: 0.5};",
    ),
    _pair(
        "E404",
        "not a number",
        "A division by zero, or a result beyond all bounds.",
        "reward ann = 1 / 0;",
        "reward ann = 1 / 2;",
    ),
    _pair(
        "E405",
        "match without an arm that fits",
        "Some arm must fit every value that occurs.",
        "reward ann = match (3) { 1: 2; };",
        "reward ann = match (3) { 1: 2; _: 0; };",
    ),
    _pair(
        "E406",
        "uniform over nothing",
        "No value fulfils the condition.",
        "next s ~ uniform(c: false);",
        "next s ~ uniform(c: c != s);",
    ),
    _pair(
        "E407",
        "number out of range",
        "Integers fit into 64 bits, reals below 1e308; a real that is not 0 is at least 5e-324.",
        "reward ann = 9^99;",
        "reward ann = 9.0^99;",
    ),
    _pair(
        "E408",
        "empty range",
        "There must be a value.",
        "state t: 3..1;\n  init t = 1;",
        "state t: 1..3;\n  init t = 1;",
    ),
    _pair(
        "E409",
        "default outside the parameter's range",
        "The default is one of the values allowed.",
        "param p = 2 in [0, 1];",
        "param p = 0.5 in [0, 1];",
    ),
    _pair("E410", "impossible discount", "A discount lies in [0, 1].", "discount 1.5;", "discount 0.95;"),
    Code(
        "E411",
        "impossible horizon",
        "The horizon is the number of decisions, from 1 to a million.",
        game("").replace("horizon 2", "horizon 2.5"),
        game(""),
    ),
    _pair(
        "E412",
        "action of which no value is left",
        "In every state that is reached, terminal ones too, `when` leaves a value of every action.",
        "action bid[ann]: 0..2 when (v: v > 2);",
        "action bid[ann]: 0..2 when (v: v == 0 or s == b);",
    ),
)

_SHARING = (
    _pair(
        "E501",
        "unknown protocol",
        "It is neither a standard structure nor a `share` block.",
        "share fully;",
        "share full;",
    ),
    _pair(
        "E502", "wrong arguments of a protocol", "Each protocol takes its own.", "share delayed;", "share delayed(2);"
    ),
    _pair(
        "E503",
        "unknown item",
        "Items are the observations and actions of the game.",
        "share p { hear after 1; }",
        "share p { o after 1; }",
    ),
    _pair(
        "E504",
        "impossible delay",
        "An action has age 1 when the next step begins, so `after 1` is at once.",
        "share p { act after 0; }",
        "share p { act after 1; }",
    ),
    _pair(
        "E505",
        "item that is common when it is forgotten",
        "Nobody remembers it when it should become common.",
        "share p { o after 3; forget after 1; }",
        "share p { o after 3; forget after 2; }",
    ),
    _pair(
        "E506",
        "standard name with another meaning",
        "`full`, `delayed` and so on mean what they mean everywhere.",
        "share full { o after 1; act after 1; }",
        "share full { o after 0; act after 1; }",
    ),
    _pair(
        "E507",
        "protocol declared twice",
        "Protocols have names of their own.",
        "share p { o after 1; }\n  share p { o after 2; }",
        "share p { o after 1; }\n  share q { o after 2; }",
    ),
    Code(
        "E508",
        "no protocol",
        "Without a `share` a protocol must be given: `--share full`, or `under full`.",
        _without("share none", game("expect assumption 3;")),
        game("expect assumption 3;"),
    ),
    _pair(
        "E509",
        "edges that lead nowhere",
        "Edges join agents of the game, and go with `per hop`.",
        "share p { o to all along edges {1-3} after 1 per hop; }",
        "share p { o to all along edges {1-2} after 1 per hop; }",
    ),
    Code(
        "E510",
        "structure for another number of agents",
        "`one_directional` is for two agents.",
        game("share one_directional(ann -> bob);").replace("ann, bob;", "ann, bob, cyd;"),
        game("share one_directional(ann -> bob);"),
    ),
    _pair(
        "E513",
        "impossible exchange",
        "Steps are counted from 1: `every 2` is at steps 2, 4, 6, ..., `every 2 from 1` at steps 1, 3, 5, ...",
        "share p { o after 0 every 0; }",
        "share p { o after 0 every 2 from 1; }",
    ),
    _pair(
        "E514",
        "impossible random delay",
        "What is on its way is a part of the state, so that only short delays can be drawn, or `never`.",
        "share p { o after ~ 3; }",
        "share p { o after ~ {1: 0.7, 2: 0.2, never: 0.1}; }",
    ),
    _pair(
        "E515",
        "link with two random delays",
        "Each item is sent once on each link.",
        "share p { o after ~ {1: 0.9, never: 0.1}; o[ann] to bob after ~ {1: 0.8, never: 0.2}; }",
        "share p { o[bob] to ann after ~ {1: 0.9, never: 0.1}; o[ann] to bob after ~ {1: 0.8, never: 0.2}; }",
    ),
    Code("E512", "common item that nobody remembers", "As E505, found when the information is expanded."),
    Code(
        "E516",
        "moves that an agent does not know",
        "An agent knows which of its moves exist: where `when` reads a state, what the agent knows says enough of it.",
    ),
)

LANGUAGE = (*_SYNTAX, *_NAMES, *_TYPES, *_VALUES, *_SHARING)
