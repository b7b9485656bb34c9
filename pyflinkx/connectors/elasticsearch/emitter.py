"""Which document a record becomes, and where."""

from __future__ import annotations

import base64
import datetime
import decimal
import json
from collections.abc import Callable, Mapping
from typing import Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx._core.records.row import Row
from pyflinkx.config.arguments import check_text
from pyflinkx.errors import SinkError


def plain(value: Any) -> Any:
    """What JSON has for a value that is none of its own."""
    if isinstance(value, Row):
        return value.as_dict()
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return str(value)
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode()
    raise SinkError(f"a document of JSON cannot hold {short_repr(value)}")


class ElasticsearchEmitter:
    """Makes documents of records, which are maps or rows with names of fields.

    Args:
        index_of: gives the index for a document.
        key_field: the field that has a document's id; None to have the server give one.
        doc_type: of Elasticsearch 6; None for none.

    Example:
        >>> ElasticsearchEmitter.static_index("orders", "id").lines({"id": 5, "item": "tea"}, False)
        b'{"index": {"_index": "orders", "_id": "5"}}\\n{"id": 5, "item": "tea"}\\n'
    """

    def __init__(
        self, index_of: Callable[[Mapping[Any, Any]], str], key_field: str | None, doc_type: str | None
    ) -> None:
        self.index_of = index_of
        self.key_field = None if key_field is None else check_text(key_field, "key_field")
        self.doc_type = None if doc_type is None else check_text(doc_type, "doc_type")

    @staticmethod
    def static_index(index: str, key_field: str | None = None, doc_type: str | None = None) -> ElasticsearchEmitter:
        """Documents of one index.

        Args:
            index: its name.
            key_field: the field that has a document's id, so that one that is written again is the same; None to have
                the server give one.
            doc_type: of Elasticsearch 6.
        """
        check_text(index, "index")
        return ElasticsearchEmitter(lambda document: index, key_field, doc_type)

    @staticmethod
    def dynamic_index(
        index_field: str, key_field: str | None = None, doc_type: str | None = None
    ) -> ElasticsearchEmitter:
        """Documents of the index that a field names; other arguments as those of ``static_index``."""
        check_text(index_field, "index_field")
        return ElasticsearchEmitter(lambda document: str(field_of(document, index_field)), key_field, doc_type)

    def lines(self, record: Any, gone: bool) -> bytes | None:
        """What a bulk request says of a record: index its document, or where it was taken away, delete that."""
        if isinstance(record, Row):
            document: Mapping[Any, Any] = record.as_dict()
        elif isinstance(record, Mapping):
            document = record
        else:
            raise SinkError(f"a document is a map, or a row with names of fields, not {short_repr(record)}")
        place = {"_index": self.index_of(document)}
        if self.doc_type is not None:
            place["_type"] = self.doc_type
        if self.key_field is not None:
            place["_id"] = str(field_of(document, self.key_field))
        if gone:
            if self.key_field is None:
                raise SinkError(f"a document without a key field cannot be taken away: {short_repr(record)}")
            return json.dumps({"delete": place}).encode() + b"\n"
        try:
            text = json.dumps(document, default=plain, ensure_ascii=False, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise SinkError(f"{short_repr(record)} is no document of JSON: {error}") from error
        return json.dumps({"index": place}).encode() + b"\n" + text.encode() + b"\n"


def field_of(document: Mapping[Any, Any], field: str) -> Any:
    """A field that has to be there.

    Raises:
        SinkError: it is not.
    """
    value = document.get(field)
    if value is None:
        raise SinkError(f"the document has no {field!r}: {short_repr(document)}")
    return value
