"""What SQL and the Table API mean: types, functions, names, plans; nothing of how they run."""
