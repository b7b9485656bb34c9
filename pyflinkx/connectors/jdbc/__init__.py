"""Databases as sinks and sources; after Flink's JDBC connector, by drivers of Python's."""
