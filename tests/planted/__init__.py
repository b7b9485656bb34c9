"""Bugs as patches, each with the test that has to find it; ``make planted`` tries them all."""
