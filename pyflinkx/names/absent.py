"""PyFlink's names and configuration keys that are not there yet, and what is said when a program asks for one.

A name leaves this list when it comes; a test holds the list against what there is and against PyFlink's names.
"""

from __future__ import annotations

from dataclasses import dataclass

PAGE = "https://github.com/pyflinkx/pyflinkx/blob/main/docs/coming-from-pyflink.md"


@dataclass(frozen=True)
class Topic:
    """What absent names have in common.

    Args:
        said: what is not there.
        section: of the page about it.
    """

    said: str
    section: str

    def __str__(self) -> str:
        return f"{self.said}, see {PAGE}#{self.section}"


TABLES = Topic("SQL and the Table API are in this version in part only", "sql-and-the-table-api")
DATAFRAMES = Topic("PyFlink's DataFrame API is not in this version", "sql-and-the-table-api")
CONNECTORS = Topic("connectors to this system are not in this version", "connectors")
COMPACTION = Topic("the compaction of written files is not in this version", "connectors")
DATASETS = Topic("the DataSet API is gone from Flink too, and batch mode of the DataStream API does its work", "batch")
ML = Topic("machine learning pipelines are not in this version", "connectors")
JAVA = Topic("there is no JVM here, and nothing that stands for a Java object", "no-jvm")
INSIDE = Topic("it is a part of PyFlink's own machinery, and no program needs it here", "no-jvm")

# Modules that are absent as a whole, with all that is below them.
MODULES: dict[str, Topic] = {
    "pyflinkx.common.io": JAVA,
    "pyflinkx.common.utils": JAVA,
    "pyflinkx.dataframe": DATAFRAMES,
    "pyflinkx.dataset": DATASETS,
    "pyflinkx.datastream.connectors.cassandra": CONNECTORS,
    "pyflinkx.datastream.connectors.dynamic_kafka": CONNECTORS,
    "pyflinkx.datastream.connectors.kinesis": CONNECTORS,
    "pyflinkx.datastream.connectors.pulsar": CONNECTORS,
    "pyflinkx.datastream.utils": INSIDE,
    "pyflinkx.find_flink_home": JAVA,
    "pyflinkx.fn_execution": INSIDE,
    "pyflinkx.java_gateway": JAVA,
    "pyflinkx.ml": ML,
    "pyflinkx.pyflink_callback_server": JAVA,
    "pyflinkx.pyflink_gateway_server": JAVA,
    "pyflinkx.serializers": INSIDE,
    "pyflinkx.table.compiled_plan": TABLES,
    "pyflinkx.table.data_view": TABLES,
    "pyflinkx.table.descriptors": TABLES,
    "pyflinkx.table.functions": TABLES,
    "pyflinkx.table.model_descriptor": TABLES,
    "pyflinkx.table.plan_reference": TABLES,
    "pyflinkx.table.resolved_expression": TABLES,
    "pyflinkx.util": JAVA,
}


def each(topic: Topic, names: str) -> dict[str, Topic]:
    """Names of one topic."""
    return dict.fromkeys(names.split(), topic)


# Names of modules that are there.
NAMES: dict[str, dict[str, Topic]] = {
    "pyflinkx.common": {
        **each(JAVA, "AssignerWithPeriodicWatermarksWrapper"),
    },
    "pyflinkx.common.watermark_strategy": each(JAVA, "AssignerWithPeriodicWatermarksWrapper"),
    "pyflinkx.datastream.connectors": {
        **each(
            CONNECTORS,
            "DynamicKafkaSource DynamicKafkaSourceBuilder "
            "KafkaMetadataService KafkaStreamSetSubscriber KafkaStreamSubscriber "
            "PulsarSource PulsarSourceBuilder "
            "SingleClusterTopicMetadataService StartCursor StopCursor StreamPatternSubscriber",
        ),
    },
    "pyflinkx.datastream.connectors.base": {
        **each(COMPACTION, "StreamTransformer SupportsPreprocessing"),
    },
    "pyflinkx.datastream.connectors.file_system": {
        **each(COMPACTION, "FileCompactStrategy FileCompactor StreamTransformer SupportsPreprocessing"),
    },
    "pyflinkx.datastream.functions": {
        **each(JAVA, "JavaFunctionWrapper"),
        **each(
            INSIDE,
            "FunctionWrapper InternalIterableAllWindowFunction InternalIterableProcessAllWindowFunction "
            "InternalIterableProcessWindowFunction InternalIterableWindowFunction InternalProcessAllWindowContext "
            "InternalProcessWindowContext InternalSingleValueAllWindowFunction "
            "InternalSingleValueProcessAllWindowFunction InternalSingleValueProcessWindowFunction "
            "InternalSingleValueWindowFunction InternalWindowFunction ReduceFunctionWrapper",
        ),
    },
    "pyflinkx.datastream.stream_execution_environment": each(JAVA, "InputFormat"),
    "pyflinkx.datastream.window": each(INSIDE, "WindowOperationDescriptor long_to_int_with_bit_mixing mod_inverse"),
    "pyflinkx.table": each(
        TABLES,
        "CompiledPlan DataView ListView MapView PlanReference UserDefinedType",
    ),
    "pyflinkx.table.expressions": each(
        TABLES,
        "object_of",
    ),
    "pyflinkx.table.types": {
        **each(TABLES, "RawType UserDefinedType ZonedTimestampType"),
        **each(INSIDE, "create_arrow_schema from_arrow_type to_arrow_type"),
    },
}

# Members of classes that are there, by the module that PyFlink has them in and the class.
MEMBERS: dict[str, dict[str, Topic]] = {
    "common.typeinfo.TypeInformation": each(JAVA, "get_java_type_info"),
    "common.types.RowKind": each(JAVA, "to_j_row_kind"),
    "datastream.connectors.file_system.FileSink": {
        **each(COMPACTION, "get_transformer"),
    },
    "datastream.connectors.elasticsearch.Elasticsearch6SinkBuilder": each(JAVA, "get_http_host_class"),
    "datastream.connectors.elasticsearch.Elasticsearch7SinkBuilder": each(JAVA, "get_http_host_class"),
    "datastream.connectors.elasticsearch.ElasticsearchSinkBuilderBase": each(JAVA, "get_http_host_class"),
    "datastream.connectors.kafka.KafkaSink": each(INSIDE, "get_transformer"),
    "datastream.data_stream.DataStream": each(JAVA, "_j_data_stream"),
    "datastream.output_tag.OutputTag": each(JAVA, "get_java_output_tag"),
    "datastream.slot_sharing_group.MemorySize": each(JAVA, "get_java_memory_size"),
    "datastream.slot_sharing_group.SlotSharingGroup": each(JAVA, "get_java_slot_sharing_group"),
    "datastream.stream_execution_environment.StreamExecutionEnvironment": {
        **each(JAVA, "_j_stream_execution_environment create_input"),
    },
    "common.execution_config.ExecutionConfig": {
        **each(JAVA, "_j_execution_config"),
    },
    "common.configuration.Configuration": each(JAVA, "_j_configuration"),
    "table.expression.Expression": each(
        TABLES,
        "bitmap_and bitmap_and_agg bitmap_and_cardinality_agg bitmap_andnot bitmap_build "
        "bitmap_build_agg bitmap_build_cardinality_agg bitmap_cardinality bitmap_from_bytes "
        "bitmap_or bitmap_or_agg bitmap_or_cardinality_agg bitmap_to_array bitmap_to_bytes "
        "bitmap_to_string bitmap_xor bitmap_xor_agg bitmap_xor_cardinality_agg object_update",
    ),
    "table.table.WindowGroupedTable": each(TABLES, "aggregate"),
    "table.table.Table": each(
        TABLES,
        "from_changelog to_changelog",
    ),
    "table.table_environment.TableEnvironment": each(
        TABLES,
        "compile_plan_sql create_model create_temporary_model drop_model drop_temporary_model execute_plan "
        "list_models list_temporary_models load_plan",
    ),
    "table.types.DataType": {
        **each(JAVA, "bridged_to"),
        **each(INSIDE, "from_sql_type need_conversion to_sql_type"),
    },
    "table.types.RowField": each(INSIDE, "from_sql_type need_conversion to_sql_type"),
}

# Beginnings of configuration keys.
KEYS: dict[str, Topic] = {
    **each(JAVA, "pipeline.jars pipeline.classpaths"),
    **each(TABLES, "table. sql-gateway. sql-client. materialized-table."),
}


# PyFlink's modules have the names that they import, too, and programs take them from wherever they are.
ANYWHERE = {name: topic for names in NAMES.values() for name, topic in names.items()}


def topic_of_name(module: str, name: str) -> Topic | None:
    """Why a module has no such name or submodule; None when PyFlink has none either."""
    return NAMES.get(module, {}).get(name) or topic_of_module(f"{module}.{name}") or ANYWHERE.get(name)


def topic_of_module(module: str) -> Topic | None:
    """Why there is no such module; None when PyFlink has none there either."""
    return MODULES.get(module)


def topic_of_key(key: str) -> Topic | None:
    """Why a configuration key has no effect; None when there is no more to say than that."""
    return next((topic for beginning, topic in KEYS.items() if key.startswith(beginning)), None)


# Members that PyFlink's class of that name has not either, for programs that mean those of another: what to do.
OF_OTHERS: dict[str, dict[str, str]] = {
    "datastream.data_stream.DataStream": {
        "window": "windows of each key need key_by() before; window_all() groups the records of all keys",
        "count_window": "windows of each key need key_by() before; window_all() groups the records of all keys, "
        "with CountTumblingWindowAssigner.of() by their number",
        **dict.fromkeys(
            ("reduce", "sum", "min", "max", "min_by", "max_by"),
            "it works on the records of a key: call key_by() before, or window_all() for those of all keys",
        ),
    }
}
