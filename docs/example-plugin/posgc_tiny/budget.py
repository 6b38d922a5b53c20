"""The language block `budget`: what each agent may spend, for a back-end that cares."""

from posgc.plugin import Declared


class Budget:
    name = "budget"
    summary = "what each agent may spend"
    grammar = 'budget: "budget" NAME ":" sum ";"'

    def node(self, rule, parts, span):  # of a rule of the fragment, leaves first
        return *parts, span

    def elaborate(self, items, scope):  # all items of a file
        limits = {}
        for name, amount, span in items:
            agent = scope.agent(name, "who has a budget")
            value = scope.constant(amount, "a budget", "real")
            if agent is None or value is None:
                continue  # the mistake has been reported
            if agent in limits:
                scope.error("twice", f"{name.text} has a budget already", span, "keep one of the lines")
            limits[agent] = float(value)
        named = {scope.agents[agent]: value for agent, value in limits.items()}
        lines = tuple(f"{who} may spend {value:g}" for who, value in named.items())
        return Declared(limits, lines, named, in_digest=True)

    def space(self, before, here):  # None: laid out by the rules of the language
        return None
