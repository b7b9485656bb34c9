"""ORC files, with PyFlink's names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyflinkx.connectors.files.orc_sink import OrcWriterFactory
from pyflinkx.datastream.connectors.file_system import RowDataBulkWriterFactory
from pyflinkx.datastream.formats.hadoop import orc_options
from pyflinkx.names.asking import offering

__all__ = ["OrcBulkWriters"]


class OrcBulkWriters:
    """Makes what writes ORC files, for ``FileSink.for_bulk_format``."""

    @staticmethod
    def for_row_type(
        row_type: Any, writer_properties: Any = None, hadoop_config: Any = None
    ) -> RowDataBulkWriterFactory:
        """What writes rows of a type.

        Args:
            row_type: of the rows: ``DataTypes.ROW([...])`` or ``Types.ROW_NAMED(...)``.
            writer_properties: a Configuration or a dict with ``orc.compress`` and ``orc.stripe.size``.
            hadoop_config: the same, which ``writer_properties`` goes before.

        Raises:
            ConfigurationError: ORC has no column for a type, or an option cannot be.
            MissingExtraError: pyarrow is not installed.

        Example:
            >>> from pyflinkx.common import Types
            >>> OrcBulkWriters.for_row_type(Types.ROW_NAMED(["id"], [Types.LONG()])).get_row_type()
            RowTypeInfo(id: Long)
        """
        return OrcWriterFactory(row_type, **{**orc_options(hadoop_config), **orc_options(writer_properties)})


if not TYPE_CHECKING:
    __getattr__ = offering(__name__)
