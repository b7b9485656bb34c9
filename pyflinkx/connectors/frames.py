"""Frames of pandas and Polars, as far as their own Arrow form is not what a stream of their rows should have."""

from __future__ import annotations

from typing import Any

from pyflinkx.errors import MissingExtraError, SourceError


def taken_frame(data: Any) -> Any:
    """What is read in place of a frame: a pandas DataFrame without its index, a LazyFrame's result; else the data.

    Raises:
        SourceError: a column holds Python objects that Arrow has no type for; or it is one column, not a table.
        MissingExtraError: pandas gives out its data only with pyarrow, which is not installed.
    """
    # Classes derived from the libraries' own, such as GeoPandas', are frames, too.
    bases = {(base.__module__.partition(".")[0], base.__name__) for base in type(data).__mro__}
    if ("pandas", "DataFrame") in bases:
        return without_index(data)
    if ("polars", "LazyFrame") in bases:
        data = data.collect()
    elif ("pandas", "Series") in bases or ("polars", "Series") in bases:
        raise SourceError("a Series is one column, and a stream's records are rows: hand over its to_frame()")
    if type(data).__module__.startswith("polars."):
        refuse_objects(data)
    return data


def without_index(frame: Any) -> Any:
    """The columns of a pandas DataFrame as a pyarrow Table."""
    try:
        import pyarrow
    except ImportError as error:
        raise MissingExtraError("reading pandas data needs pyarrow: pip install 'pyflinkx[pandas]'") from error
    names = [str(name) for name in frame.columns]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise SourceError(f"column names must differ, but {repeated} come more than once")
    try:
        return pyarrow.Table.from_pandas(frame, preserve_index=False)
    except (pyarrow.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise SourceError(
            f"a column of this DataFrame has no columnar form: {error}; give it one, as with "
            "frame['column'].astype(str), or drop it"
        ) from error


def refuse_objects(frame: Any) -> None:
    """Polars gives out Python objects as the addresses at which they lie."""
    for column, kind in frame.schema.items():
        if "Object" in str(kind):
            raise SourceError(
                f"column '{column}' of this Polars DataFrame holds Python objects (dtype {kind}), which have no "
                f"columnar form: give it one, as with frame.with_columns(pl.Series({column!r}, [str(value) for value "
                f"in frame[{column!r}]])), or drop it"
            )
