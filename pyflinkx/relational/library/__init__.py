"""The functions that there are: each module enters those of its topic into the registry."""

from pyflinkx.relational import functions
from pyflinkx.relational.library import access, collection, encoding, json, patterns, random, temporal

assert functions
assert access
assert collection
assert encoding
assert json
assert patterns
assert random
assert temporal
