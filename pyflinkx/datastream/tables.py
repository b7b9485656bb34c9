"""Results as tables: Arrow, pandas, Polars."""

from __future__ import annotations

import importlib
from typing import Any

from pyflinkx._core.columns.arrow_stream import ColumnStream
from pyflinkx.connectors.collect import CollectBuffer, CollectColumnsSink
from pyflinkx.datastream.data_stream import DataStream
from pyflinkx.errors import MissingExtraError
from pyflinkx.plan.columns import columns_of, with_native


def arrow_table(stream: DataStream, job_name: str | None) -> Any:
    """A stream's records as a pyarrow.Table."""
    pyarrow = imported("pyarrow", "arrow", "to_arrow()")
    return pyarrow.RecordBatchReader.from_stream(collected(stream, job_name, "to_arrow()")).read_all()


def pandas_frame(stream: DataStream, job_name: str | None) -> Any:
    """A stream's records as a pandas.DataFrame, made by pyarrow."""
    imported("pandas", "pandas", "to_pandas()")
    pyarrow = imported("pyarrow", "pandas", "to_pandas()")
    return pyarrow.table(collected(stream, job_name, "to_pandas()")).to_pandas()


def polars_frame(stream: DataStream, job_name: str | None) -> Any:
    """A stream's records as a polars.DataFrame."""
    polars = imported("polars", "polars", "to_polars()")
    return polars.DataFrame(collected(stream, job_name, "to_polars()"))


def imported(package: str, extra: str, call: str) -> Any:
    """An optional package; asked for before the job runs."""
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise MissingExtraError(f"{call} needs {package}: pip install 'pyflinkx[{extra}]'") from error


def collected(stream: DataStream, job_name: str | None, call: str) -> ColumnStream:
    """The batches of a stream, after its program has run."""
    columns = columns_of(stream._value, call)
    columns = with_native(columns, columns.columns.names, call)
    environment = stream._environment
    buffer = CollectBuffer()
    end = DataStream(environment, columns)._end_of("Collect", CollectColumnsSink(buffer))
    batches: list[Any] = []
    for _ in environment._steps(environment._graph_of(end, job_name)):
        batches += buffer.drain()
    return ColumnStream(columns.columns, [*batches, *buffer.drain()])
