"""Sources of servers that keep a message until it is acknowledged, and give it again otherwise."""
