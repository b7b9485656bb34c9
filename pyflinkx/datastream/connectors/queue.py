"""Records into a running job, and results out of it, for a program that embeds one.

Example:
    >>> from pyflinkx.datastream import StreamExecutionEnvironment
    >>> from pyflinkx.common import WatermarkStrategy
    >>> requests, answers = QueueSource(), QueueSink()
    >>> env = StreamExecutionEnvironment.get_execution_environment()
    >>> stream = env.from_source(requests, WatermarkStrategy.no_watermarks(), "requests")
    >>> _ = stream.map(str.upper).sink_to(answers)
    >>> job = env.execute_async("service")
    >>> requests.put("hello")
    >>> answers.get(timeout=60)
    'HELLO'
    >>> requests.close()
    >>> list(answers)
    []
"""

from pyflinkx.connectors.queue import QueueSink, QueueSource
from pyflinkx.errors import QueueEndedError, WaitTimeoutError

__all__ = ["QueueEndedError", "QueueSink", "QueueSource", "WaitTimeoutError"]
