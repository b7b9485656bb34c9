"""An amount of memory."""

from __future__ import annotations

from dataclasses import dataclass

from pyflinkx.config.values import format_memory
from pyflinkx.errors import ConfigurationError
from pyflinkx.names.asking import answers


@answers("datastream.slot_sharing_group.MemorySize")
@dataclass(frozen=True, order=True)
class MemorySize:
    """A number of bytes, viewable in different units; units count in steps of 1024.

    Args:
        bytes_size: the bytes, from 0 to 2^63 - 1.

    Raises:
        ConfigurationError: it is no such number.

    Example:
        >>> str(MemorySize.of_mebi_bytes(3)), MemorySize(4095).get_kibi_bytes()
        ('3 mb', 3)
    """

    bytes_size: int

    def __post_init__(self) -> None:
        size = self.bytes_size
        if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size < 1 << 63:
            raise ConfigurationError(f"a memory size is a number of bytes from 0 to 2^63 - 1, not {size!r}")

    @staticmethod
    def of_mebi_bytes(mebi_bytes: int) -> MemorySize:
        """So many mebibytes."""
        if not isinstance(mebi_bytes, int) or isinstance(mebi_bytes, bool):
            raise ConfigurationError(f"of_mebi_bytes() takes an int, not {mebi_bytes!r}")
        return MemorySize(mebi_bytes << 20)

    def get_bytes(self) -> int:
        """In bytes."""
        return self.bytes_size

    def get_kibi_bytes(self) -> int:
        """In whole kibibytes, rounded down."""
        return self.bytes_size >> 10

    def get_mebi_bytes(self) -> int:
        """In whole mebibytes, rounded down."""
        return self.bytes_size >> 20

    def get_gibi_bytes(self) -> int:
        """In whole gibibytes, rounded down."""
        return self.bytes_size >> 30

    def get_tebi_bytes(self) -> int:
        """In whole tebibytes, rounded down."""
        return self.bytes_size >> 40

    def __str__(self) -> str:
        return format_memory(self.bytes_size)
