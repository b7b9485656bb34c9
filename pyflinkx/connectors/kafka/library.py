"""The library by which Kafka is reached, imported when a job uses it."""

from __future__ import annotations

import importlib
from typing import Any

from pyflinkx.errors import MissingExtraError


def client_library() -> Any:
    """The package ``confluent_kafka``.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        return importlib.import_module("confluent_kafka")
    except ImportError as error:
        raise MissingExtraError("Kafka needs confluent-kafka: pip install 'pyflinkx[kafka]'") from error


def admin_library() -> Any:
    """The package ``confluent_kafka.admin``.

    Raises:
        MissingExtraError: it is not installed.
    """
    client_library()
    return importlib.import_module("confluent_kafka.admin")
