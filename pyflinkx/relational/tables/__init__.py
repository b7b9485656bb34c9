"""Tables outside of the engine: what is known of them, what reads and writes them."""
