"""Redis as a source and as a sink (``pyflinkx[redis]``); not PyFlink's, which has none."""

from pyflinkx.connectors.acknowledged.messages import BadMessage, Message
from pyflinkx.connectors.redis.sink import RedisSink, RedisSinkBuilder
from pyflinkx.connectors.redis.source import RedisSource, RedisSourceBuilder

__all__ = ["BadMessage", "Message", "RedisSink", "RedisSinkBuilder", "RedisSource", "RedisSourceBuilder"]
