"""Games of hidden histories: information sets by layer, plans, linear programmes, regret, column generation."""
