"""Names of parametrized tests."""

import re


def plain_repr(value):
    """repr without addresses: every process that runs a share of the tests gives a test the same name."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))
