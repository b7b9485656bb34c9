"""Native memory: budgets, and what grows."""
