"""One task: its operators, its inputs and outputs, and what it counts."""
