"""What gives values the shape of a declared type."""
cimport cython

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


@cython.final
cdef class DeclaredShape:
    """Gives values the shape of the type that somebody has declared for them.

    Args:
        codec: of the type.
        owner: whose values they are, as errors name it.
        grows: whether values of the type may have ever more parts, so that to look at all of one takes ever longer.

    Example:
        >>> from pyflinkx._core.codecs.basic import DoubleCodec
        >>> DeclaredShape(DoubleCodec(), "state 'mean'").of(1)
        1.0
    """

    def __cinit__(self, Codec codec not None, str owner not None, bint grows=False):
        self.codec = codec
        self.owner = owner
        self.grows = grows

    cpdef object of(self, object value):
        """The value itself where it has the shape, else one that has it; None stays.

        Raises:
            TypeInformationError: it cannot have the type; the message names the owner.
        """
        if value is None:
            return None
        try:
            return self.codec.conform(value)
        except TypeInformationError as fault:
            fault.args = (f"{self.owner}: {fault}",)
            raise
