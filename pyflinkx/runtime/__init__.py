"""Tasks, the channels between them, and what drives them."""
