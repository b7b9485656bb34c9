"""The syntax tree: frozen nodes with their places, and nothing of what they mean."""
