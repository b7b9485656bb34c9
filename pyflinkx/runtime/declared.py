"""Whether records are of the type that the program declares for them."""

from __future__ import annotations

from typing import Any

from pyflinkx._core.calls import CallSite, short_repr
from pyflinkx._core.objects import ObjectBatch
from pyflinkx.errors import TypeInformationError
from pyflinkx.runtime.frames import usable_codec
from pyflinkx.types.typeinfo import TypeInformation


class DeclaredType:
    """Refuses records that their declared type could not carry to another process, also where none is crossed.

    So a program fails alike with one worker and with several. Records stay the objects that they are.

    Args:
        site: the operator that makes the records.
        type_info: what they are declared to be; a type that is pickled takes everything.
    """

    def __init__(self, site: CallSite, type_info: TypeInformation) -> None:
        self.site = site
        self.codec = usable_codec(type_info)

    def check(self, batch: Any) -> None:
        """Look at all records of a batch; columns have their types by themselves.

        Raises:
            JobExecutionError: one cannot have the type; it names the operator, the field, the value and both types.
        """
        if self.codec is None or not isinstance(batch, ObjectBatch):
            return
        values = batch.values
        try:
            self.codec.encode_batch(values)
        except TypeInformationError as error:
            raise self._refusal(values, error) from error

    def _refusal(self, values: list[Any], error: TypeInformationError) -> Exception:
        assert self.codec is not None
        for value in values:
            try:
                self.codec.encode_one(value)
            except TypeInformationError as reason:
                return self.site.wrap(reason, f"as {short_repr(value)} is not of its declared output type")
        return self.site.wrap(error, "as its records are not of its declared output type")
