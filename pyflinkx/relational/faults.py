"""What goes wrong with values."""


class ValueFault(Exception):
    """A value that a function has no result for; the message says why."""
