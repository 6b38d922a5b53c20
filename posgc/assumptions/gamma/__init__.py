"""γ of one emission matrix: a bracket with a witness."""
