"""Configuration, under PyFlink's module path."""

from pyflinkx.config.configuration import Configuration

__all__ = ["Configuration"]
