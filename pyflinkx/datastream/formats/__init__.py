"""Formats of files and messages."""

from typing import TYPE_CHECKING

from pyflinkx.names.asking import offering

if not TYPE_CHECKING:
    __getattr__ = offering(__name__)
