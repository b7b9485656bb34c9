"""Expressions over the columns of a stream: what programs write, how it is typed, how it is evaluated."""
