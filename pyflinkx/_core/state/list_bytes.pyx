"""The bytes of one list, made of those of several, without a look at their elements."""
from pyflinkx.errors import CorruptDataError


def united_lists(list parts not None):
    """The bytes of the list that has the elements of all of them, in the form of LIST (docs/formats/values.md).

    Args:
        parts: the bytes of lists.

    Raises:
        CorruptDataError: they are shorter than they say.

    Example:
        >>> from pyflinkx._core.codecs.basic import LongCodec
        >>> from pyflinkx._core.codecs.collection import ListCodec
        >>> codec = ListCodec(LongCodec())
        >>> codec.decode_one(united_lists([codec.encode_one([1, None]), codec.encode_one([2])]))
        [1, None, 2]
    """
    cdef list nulls = [], elements = []
    cdef bint any_null = False
    for part in parts:
        header, at = varint(part)
        count = header >> 1
        marks = [False] * count
        if header & 1:
            any_null = True
            size = (count + 7) // 8
            if size > len(part) - at:
                raise CorruptDataError(f"the nulls of {count} elements are not in {len(part) - at} bytes")
            marks = [bool(part[at + i // 8] >> i % 8 & 1) for i in range(count)]
            at += size
        nulls += marks
        elements.append(part[at:])
    head = bytearray()
    rest = len(nulls) << 1 | any_null
    while rest >= 128:
        head.append(rest & 127 | 128)
        rest >>= 7
    head.append(rest)
    if any_null:
        bitmap = bytearray((len(nulls) + 7) // 8)
        for i, is_null in enumerate(nulls):
            bitmap[i // 8] |= is_null << i % 8
        head += bitmap
    return bytes(head) + b"".join(elements)


cdef tuple varint(bytes data):
    """A varint at the beginning, and where it ends."""
    cdef int shift = 0
    value = 0
    for at, byte in enumerate(data[:10]):
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at + 1
    raise CorruptDataError("a list has no length")
