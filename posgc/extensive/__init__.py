"""Two-agent zero-sum games of hidden histories: information sets by layer, plans, the linear programme, regret."""
