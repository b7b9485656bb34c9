"""What tests of requests share."""

import concurrent.futures

from pyflinkx.common import WatermarkStrategy
from pyflinkx.datastream.connectors.requests import RequestSource

PATIENCE = 60
NO_WATERMARKS = WatermarkStrategy.no_watermarks()


def requested(env, **options):
    """A source of requests, and its stream."""
    requests = RequestSource(**options)
    return requests, env.from_source(requests, NO_WATERMARKS, "requests")


def at_once(call, values, threads=16):
    """What the call gives for each value, made by several threads at a time."""
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        return list(pool.map(call, values))
