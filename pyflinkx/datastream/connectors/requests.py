"""Requests to a running job, each of which gets its own answer, for a program that embeds one.

Example:
    >>> from pyflinkx.datastream import StreamExecutionEnvironment
    >>> from pyflinkx.common import WatermarkStrategy
    >>> requests = RequestSource()
    >>> env = StreamExecutionEnvironment.get_execution_environment()
    >>> stream = env.from_source(requests, WatermarkStrategy.no_watermarks(), "requests")
    >>> _ = stream.map(str.upper).sink_to(requests.replies)
    >>> client = env.execute_async("service")
    >>> client.ask("hello", timeout=60)
    'HELLO'
    >>> client.cancel().result()
"""

from pyflinkx.connectors.requests import ReplySink, RequestSource
from pyflinkx.errors import NoAnswerError, RequestError, SeveralAnswersError, WaitTimeoutError

__all__ = ["NoAnswerError", "ReplySink", "RequestError", "RequestSource", "SeveralAnswersError", "WaitTimeoutError"]
