"""Servers that tests talk to, started by the scripts under ``ci``."""
