"""Paths that mean the same wherever a job runs."""

from __future__ import annotations

import os


def absolute(path: str) -> str:
    """A path from the current folder as an absolute one.

    ``..`` stays where it is: behind a link to a folder it leads to that folder's parent.

    Example:
        >>> absolute("/data//a.csv"), absolute("/link/../a.csv")
        ('/data/a.csv', '/link/../a.csv')
    """
    if os.pardir in path.split(os.sep):
        return path if os.path.isabs(path) else os.path.join(os.getcwd(), path)
    return os.path.abspath(path)
