"""Records in the one shape of the type that the program declares for them."""

from __future__ import annotations

from typing import Any

from pyflinkx._core.calls.records import CallSite, short_repr
from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.errors import TypeInformationError
from pyflinkx.types.codecs import conforming_codec
from pyflinkx.types.typeinfo import TypeInformation


class DeclaredType:
    """Gives records the shape that they have when they come from another process, also where none is crossed.

    So a program does and fails alike with one worker and with several, and whatever reads the records (a selector, a
    sink) finds each field at its place: a dict or a Row in another order is a Row in the order of the type. Records
    that have the shape stay the objects that they are; None passes as a record of every type.

    Args:
        site: the operator that makes the records.
        type_info: what they are declared to be; what is pickled, as a whole or in part, is taken as it is.
    """

    def __init__(self, site: CallSite, type_info: TypeInformation) -> None:
        self.site = site
        self.codec = conforming_codec(type_info)

    def shape(self, batch: Any) -> Any:
        """The batch with all its records in the shape of the type; columns have their types by themselves.

        Raises:
            JobExecutionError: one cannot have the type; it names the operator, the field, the value and both types.
        """
        if self.codec is None or not isinstance(batch, ObjectBatch):
            return batch
        values = batch.values
        try:
            shaped = self.codec.conform_batch(values)
        except TypeInformationError as error:
            raise self._refusal(values, error) from error
        return batch if shaped is values else ObjectBatch(shaped, batch.timestamps, batch.kinds)

    def _refusal(self, values: list[Any], error: TypeInformationError) -> Exception:
        assert self.codec is not None
        for value in values:
            try:
                if value is not None:
                    self.codec.conform_one(value)
            except TypeInformationError as reason:
                return self.site.wrap(reason, f"as {short_repr(value)} is not of its declared output type")
        return self.site.wrap(error, "as its records are not of its declared output type")
