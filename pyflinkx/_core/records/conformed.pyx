"""Functions whose results get the shape of a type."""
from pyflinkx._core.codecs.codec cimport Codec, short_repr

from pyflinkx.errors import TypeInformationError


def conformed_call(function, Codec codec not None):
    """A function of two values that calls another and gives its result the shape of a type; None stays.

    Args:
        function: what is called.
        codec: of the type.

    Returns:
        a function that raises TypeInformationError when a result cannot have the type.

    Example:
        >>> from pyflinkx._core.codecs.basic import DoubleCodec
        >>> conformed_call(max, DoubleCodec())(1, 2)
        2.0
    """

    def call(first, second):
        value = function(first, second)
        if value is None:
            return None
        try:
            return codec.conform(value)
        except TypeInformationError as fault:
            fault.args = (f"{short_repr(value)} is not of its declared output type: {fault}",)
            raise

    return call
