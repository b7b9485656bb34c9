"""How what has a syntax or rules of its own is bound."""
