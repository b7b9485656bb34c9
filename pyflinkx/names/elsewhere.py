"""Names that a module offers and another one defines, which is imported when they are asked for.

PyFlink has them in one module, or they can be imported from it because it imports them itself, which programs rely on;
here a program that does not use them does not wait for their import.
"""

from __future__ import annotations


def each(module: str, names: str) -> dict[str, str]:
    """Names that one module defines."""
    return dict.fromkeys(names.split(), module)


# Module that offers names -> name -> module that defines it.
ELSEWHERE: dict[str, dict[str, str]] = {
    "pyflinkx.common": {
        **each("pyflinkx.datastream.formats.avro", "AvroRowDeserializationSchema AvroRowSerializationSchema"),
        **each("pyflinkx.datastream.formats.csv", "CsvRowDeserializationSchema CsvRowSerializationSchema"),
        **each("pyflinkx.datastream.formats.json", "JsonRowDeserializationSchema JsonRowSerializationSchema"),
    },
    "pyflinkx.common.serialization": {
        **each("pyflinkx.datastream.formats.avro", "AvroRowDeserializationSchema AvroRowSerializationSchema"),
        **each("pyflinkx.datastream.formats.csv", "CsvRowDeserializationSchema CsvRowSerializationSchema"),
        **each("pyflinkx.datastream.formats.json", "JsonRowDeserializationSchema JsonRowSerializationSchema"),
    },
    "pyflinkx.common.typeinfo": {
        **each("pyflinkx.common.time", "Instant"),
        **each("pyflinkx.common.types", "Row RowKind"),
    },
    "pyflinkx.datastream": {
        **each("pyflinkx.datastream.agg", "agg"),
        **each("pyflinkx.datastream.async_data_stream", "AsyncDataStream"),
        **each("pyflinkx.datastream.broadcast_stream", "BroadcastConnectedStream BroadcastStream"),
        **each("pyflinkx.datastream.cached_data_stream", "CachedDataStream"),
        **each("pyflinkx.datastream.checkpoint_config", "CheckpointConfig ExternalizedCheckpointCleanup"),
        **each(
            "pyflinkx.datastream.checkpoint_storage",
            "CheckpointStorage CustomCheckpointStorage FileSystemCheckpointStorage JobManagerCheckpointStorage",
        ),
        **each("pyflinkx.datastream.checkpointing_mode", "CheckpointingMode"),
        **each("pyflinkx.datastream.connected_streams", "ConnectedStreams"),
        **each("pyflinkx.datastream.externalized_checkpoint_retention", "ExternalizedCheckpointRetention"),
        **each("pyflinkx.datastream.expressions", "Expression and_ coalesce col concat if_then_else lit or_"),
        **each("pyflinkx.datastream.iterative_stream", "IterativeStream"),
        **each(
            "pyflinkx.datastream.join_functions",
            "CoGroupFunction FlatJoinFunction JoinFunction ProcessJoinFunction",
        ),
        **each("pyflinkx.datastream.joined_streams", "CoGroupedStreams IntervalJoin JoinedStreams"),
        **each("pyflinkx.datastream.keyed_stream", "KeyedStream"),
        **each("pyflinkx.datastream.partition_windowed_stream", "Order PartitionWindowedStream"),
        **each("pyflinkx.datastream.slot_sharing_group", "MemorySize SlotSharingGroup"),
        **each("pyflinkx.datastream.split_stream", "OutputSelector SplitStream"),
        **each(
            "pyflinkx.datastream.state_backend",
            "CustomStateBackend EmbeddedRocksDBStateBackend FsStateBackend HashMapStateBackend MemoryStateBackend "
            "PredefinedOptions RocksDBStateBackend StateBackend",
        ),
        **each("pyflinkx.datastream.time_characteristic", "TimeCharacteristic"),
        **each(
            "pyflinkx.datastream.window",
            "CountWindow GlobalWindow MergingWindowAssigner TimeWindow Trigger TriggerResult Window WindowAssigner",
        ),
        **each("pyflinkx.datastream.windowed_stream", "AllWindowedStream WindowedStream"),
    },
    "pyflinkx.datastream.async_data_stream": {
        **each("pyflinkx.common", "Time"),
    },
    "pyflinkx.datastream.connectors": {
        **each(
            "pyflinkx.datastream.connectors.jdbc",
            "JdbcConnectionOptions JdbcExactlyOnceOptions JdbcExecutionOptions JdbcSink JdbcSource JdbcSourceBuilder",
        ),
        **each(
            "pyflinkx.datastream.connectors.kafka",
            "FlinkKafkaConsumer FlinkKafkaProducer KafkaRecordDeserializationSchema KafkaSink KafkaSource Semantic",
        ),
        **each("pyflinkx.datastream.connectors.rabbitmq", "RMQConnectionConfig RMQSink RMQSource"),
    },
    "pyflinkx.datastream.connectors.file_system": {
        **each("pyflinkx.datastream.connectors", "Sink"),
        **each("pyflinkx.datastream.functions", "SinkFunction"),
    },
    "pyflinkx.datastream.connectors.number_seq": {
        **each("pyflinkx.datastream.connectors", "Source"),
    },
    "pyflinkx.datastream.data_stream": {
        **each("pyflinkx.common", "ExecutionConfig Row"),
        **each("pyflinkx.common.typeinfo", "RowTypeInfo"),
        **each("pyflinkx.common.watermark_strategy", "TimestampAssigner"),
        **each("pyflinkx.datastream.broadcast_stream", "BroadcastConnectedStream BroadcastStream"),
        **each("pyflinkx.datastream.cached_data_stream", "CachedDataStream"),
        **each("pyflinkx.datastream.connected_streams", "ConnectedStreams"),
        **each(
            "pyflinkx.datastream.functions",
            "AggregateFunction AllWindowFunction AsyncFunctionDescriptor BroadcastProcessFunction "
            "CoFlatMapFunction CoMapFunction CoProcessFunction Function KeyedBroadcastProcessFunction "
            "KeyedCoProcessFunction KeyedProcessFunction NullByteKeySelector PassThroughAllWindowFunction "
            "PassThroughWindowFunction ProcessAllWindowFunction ProcessWindowFunction ReduceFunction "
            "RuntimeContext SinkFunction WindowFunction",
        ),
        **each("pyflinkx.datastream.keyed_stream", "KeyedStream"),
        **each("pyflinkx.datastream.slot_sharing_group", "SlotSharingGroup"),
        **each(
            "pyflinkx.datastream.state",
            "AggregatingStateDescriptor ListStateDescriptor MapStateDescriptor ReducingState "
            "ReducingStateDescriptor StateDescriptor",
        ),
        **each(
            "pyflinkx.datastream.window",
            "CountSlidingWindowAssigner CountTumblingWindowAssigner CountWindowSerializer GlobalWindowSerializer "
            "MergingWindowAssigner TimeWindowSerializer Trigger WindowAssigner",
        ),
        **each("pyflinkx.datastream.windowed_stream", "AllWindowedStream WindowedStream"),
    },
    "pyflinkx.datastream.formats.csv": {
        **each("pyflinkx.common.serialization", "DeserializationSchema SerializationSchema"),
    },
    "pyflinkx.datastream.functions": {
        **each(
            "pyflinkx.datastream.state",
            "AggregatingState AggregatingStateDescriptor BroadcastState ListState ListStateDescriptor MapState "
            "MapStateDescriptor ReadOnlyBroadcastState ReducingState ReducingStateDescriptor ValueState "
            "ValueStateDescriptor",
        ),
        **each("pyflinkx.datastream.time_domain", "TimeDomain"),
        **each("pyflinkx.datastream.timerservice", "TimerService"),
        **each("pyflinkx.metrics", "MetricGroup"),
    },
    "pyflinkx.datastream.output_tag": {
        **each("pyflinkx.common.typeinfo", "RowTypeInfo TypeInformation Types"),
    },
    "pyflinkx.datastream.state": {
        **each("pyflinkx.common.time", "Duration Time"),
        **each("pyflinkx.common.typeinfo", "TypeInformation Types"),
    },
    "pyflinkx.datastream.stream_execution_environment": {
        **each("pyflinkx.datastream.checkpoint_config", "CheckpointConfig"),
        **each("pyflinkx.datastream.checkpointing_mode", "CheckpointingMode"),
        **each("pyflinkx.common.typeinfo", "Types"),
        **each("pyflinkx.datastream.functions", "SourceFunction"),
    },
    "pyflinkx.datastream.window": {
        **each("pyflinkx.common.constants", "MAX_LONG_VALUE MIN_LONG_VALUE"),
        **each("pyflinkx.common", "Time Types"),
        **each("pyflinkx.common.serializer", "TypeSerializer"),
        **each("pyflinkx.datastream.functions", "RuntimeContext"),
        **each("pyflinkx.datastream.output_tag", "OutputTag"),
        **each(
            "pyflinkx.datastream.state",
            "ReducingState ReducingStateDescriptor State StateDescriptor ValueStateDescriptor",
        ),
        **each("pyflinkx.metrics", "MetricGroup"),
    },
    "pyflinkx.table": {
        **each("pyflinkx.table.changelog_mode", "ChangelogMode"),
        **each("pyflinkx.table.environment_settings", "EnvironmentSettings"),
        **each("pyflinkx.table.explain_detail", "ExplainDetail"),
        **each("pyflinkx.table.expression", "Expression"),
        **each("pyflinkx.table.module", "Module ModuleEntry"),
        **each("pyflinkx.table.grouped_table", "GroupedTable"),
        **each("pyflinkx.table.result_kind", "ResultKind"),
        **each("pyflinkx.table.schema", "Schema"),
        **each("pyflinkx.table.sql_dialect", "SqlDialect"),
        **each("pyflinkx.table.statement_set", "StatementSet"),
        **each("pyflinkx.table.table", "Table"),
        **each("pyflinkx.table.table_config", "TableConfig"),
        **each("pyflinkx.table.table_descriptor", "FormatDescriptor TableDescriptor"),
        **each("pyflinkx.table.table_pipeline", "TablePipeline"),
        **each("pyflinkx.table.table_schema", "TableSchema"),
        **each("pyflinkx.table.table_environment", "StreamTableEnvironment TableEnvironment"),
        **each("pyflinkx.table.table_result", "TableResult"),
        **each(
            "pyflinkx.table.udf",
            "AggregateFunction AsyncScalarFunction FunctionContext ScalarFunction TableAggregateFunction TableFunction",
        ),
        **each("pyflinkx.table.window", "GroupWindow Over OverWindow Session Slide Tumble"),
        **each("pyflinkx.table.windowed_tables", "GroupWindowedTable OverWindowedTable WindowGroupedTable"),
    },
    "pyflinkx.table.table": {
        **each("pyflinkx.table.windowed_tables", "GroupWindowedTable OverWindowedTable WindowGroupedTable"),
        **each("pyflinkx.table.grouped_table", "AggregatedTable FlatAggregateTable GroupedTable"),
    },
}
