"""The values of a row, whatever it is."""
from pyflinkx._core.records.row cimport Row

from pyflinkx._core.calls.records import short_repr
from pyflinkx.errors import TypeInformationError


cdef object items_of(object row, list names):
    """The row's values in the order of the names, as a list or tuple (whose length may be wrong); None for no row."""
    if isinstance(row, (tuple, list)):
        return row
    if isinstance(row, Row):
        fields = (<Row> row).fields
        if fields is None or fields is names or fields == names:
            return (<Row> row).values
        row = dict(zip(fields, (<Row> row).values))
    elif not isinstance(row, dict):
        described = getattr(type(row), "__dataclass_fields__", None)
        if described is None:
            return None
        row = {name: getattr(row, name) for name in described}
    if len(row) != len(names):
        return list(row.values())
    try:
        return [row[name] for name in names]
    except KeyError as error:
        raise TypeInformationError(
            f"no field {error} in {short_repr(row)}: the fields are {', '.join(names)}"
        ) from None
