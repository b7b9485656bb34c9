"""Windows as data: assigners, triggers, and the two ways of running them."""
