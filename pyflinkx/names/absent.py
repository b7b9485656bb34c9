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
FORMATS = Topic("Avro, ORC and Parquet are not in this version, nor other bulk formats", "connectors")
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
    "pyflinkx.datastream.connectors.elasticsearch": CONNECTORS,
    "pyflinkx.datastream.connectors.kinesis": CONNECTORS,
    "pyflinkx.datastream.connectors.pulsar": CONNECTORS,
    "pyflinkx.datastream.formats.avro": FORMATS,
    "pyflinkx.datastream.formats.orc": FORMATS,
    "pyflinkx.datastream.formats.parquet": FORMATS,
    "pyflinkx.datastream.utils": INSIDE,
    "pyflinkx.find_flink_home": JAVA,
    "pyflinkx.fn_execution": INSIDE,
    "pyflinkx.java_gateway": JAVA,
    "pyflinkx.ml": ML,
    "pyflinkx.pyflink_callback_server": JAVA,
    "pyflinkx.pyflink_gateway_server": JAVA,
    "pyflinkx.serializers": INSIDE,
    "pyflinkx.table.catalog": TABLES,
    "pyflinkx.table.changelog_mode": TABLES,
    "pyflinkx.table.compiled_plan": TABLES,
    "pyflinkx.table.data_view": TABLES,
    "pyflinkx.table.descriptors": TABLES,
    "pyflinkx.table.explain_detail": TABLES,
    "pyflinkx.table.functions": TABLES,
    "pyflinkx.table.model_descriptor": TABLES,
    "pyflinkx.table.module": TABLES,
    "pyflinkx.table.plan_reference": TABLES,
    "pyflinkx.table.resolved_expression": TABLES,
    "pyflinkx.table.schema": TABLES,
    "pyflinkx.table.sql_dialect": TABLES,
    "pyflinkx.table.statement_set": TABLES,
    "pyflinkx.table.table_descriptor": TABLES,
    "pyflinkx.table.table_pipeline": TABLES,
    "pyflinkx.table.table_schema": TABLES,
    "pyflinkx.table.udf": TABLES,
    "pyflinkx.table.window": TABLES,
    "pyflinkx.util": JAVA,
}


def each(topic: Topic, names: str) -> dict[str, Topic]:
    """Names of one topic."""
    return dict.fromkeys(names.split(), topic)


# Names of modules that are there.
NAMES: dict[str, dict[str, Topic]] = {
    "pyflinkx.common": {
        **each(JAVA, "AssignerWithPeriodicWatermarksWrapper"),
        **each(FORMATS, "AvroRowDeserializationSchema AvroRowSerializationSchema"),
    },
    "pyflinkx.common.serialization": {
        **each(FORMATS, "BulkWriterFactory RowDataBulkWriterFactory"),
        **each(FORMATS, "AvroRowDeserializationSchema AvroRowSerializationSchema"),
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
        **each(FORMATS, "BulkFormat RowDataBulkWriterFactory"),
    },
    "pyflinkx.datastream.formats.csv": each(FORMATS, "BulkWriterFactory CsvBulkWriters RowDataBulkWriterFactory"),
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
        "AggregateFunction AsyncScalarFunction ChangelogMode CompiledPlan DataView ExplainDetail "
        "FormatDescriptor FunctionContext GroupWindowedTable GroupedTable ListView MapView Module "
        "ModuleEntry OverWindowedTable PlanReference ScalarFunction Schema SqlDialect "
        "StatementSet TableAggregateFunction TableDescriptor TableFunction TablePipeline "
        "TableSchema UserDefinedType WindowGroupedTable",
    ),
    "pyflinkx.table.expression": each(
        TABLES,
        "JsonExistsOnError JsonOnNull JsonQueryOnEmptyOrError JsonQueryWrapper JsonType "
        "JsonValueOnEmptyOrError TimeIntervalUnit TimePointUnit",
    ),
    "pyflinkx.table.expressions": each(
        TABLES,
        "array atan2 call convert_tz current_database current_date current_time current_timestamp "
        "current_watermark date_format descriptor from_unixtime json json_array json_array_agg "
        "json_object json_object_agg json_string lag lead local_time local_timestamp log map_ "
        "map_from_arrays object_of rand rand_integer range_ row row_interval source_watermark "
        "temporal_overlaps timestamp_diff to_date to_timestamp to_timestamp_ltz unix_timestamp "
        "uuid with_all_columns with_columns without_columns",
    ),
    "pyflinkx.table.table": each(
        TABLES,
        "AggregatedTable FlatAggregateTable GroupWindowedTable GroupedTable OverWindowedTable WindowGroupedTable",
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
    "datastream.connectors.kafka.KafkaSink": each(INSIDE, "get_transformer"),
    "datastream.connectors.file_system.FileSource": each(FORMATS, "for_bulk_file_format"),
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
        "abs acos array_agg array_append array_concat array_contains array_distinct array_except "
        "array_intersect array_join array_max array_min array_position array_prepend array_remove "
        "array_reverse array_slice array_sort array_union as_argument asc ascii asin at atan avg "
        "bin bitmap_and bitmap_and_agg bitmap_and_cardinality_agg bitmap_andnot bitmap_build "
        "bitmap_build_agg bitmap_build_cardinality_agg bitmap_cardinality bitmap_from_bytes "
        "bitmap_or bitmap_or_agg bitmap_or_cardinality_agg bitmap_to_array bitmap_to_bytes "
        "bitmap_to_string bitmap_xor bitmap_xor_agg bitmap_xor_cardinality_agg btrim cardinality "
        "ceil char_length chr collect concat cos cosh cot count day days decode degrees desc "
        "distinct element elt encode end ends_with exp extract first_value flatten floor "
        "from_base64 get hex hour hours in_ inet_aton inet_ntoa init_cap instr is_json "
        "json_exists json_query json_quote json_unquote json_value last_value left like list_agg "
        "ln locate log log10 log2 lower_case lpad ltrim map_entries map_keys map_union map_values "
        "max md5 milli millis min minute minutes month months object_update over overlay "
        "parse_url percentile position printf proctime quarter quarters radians regexp "
        "regexp_count regexp_extract regexp_extract_all regexp_instr regexp_replace regexp_substr "
        "repeat replace reverse right round rowtime rpad rtrim second seconds sha1 sha2 sha224 "
        "sha256 sha384 sha512 sign similar sin sinh split split_index sqrt start starts_with "
        "stddev_pop stddev_samp str_to_map substr substring sum sum0 tan tanh to_base64 to_date "
        "to_time to_timestamp translate trim trim_leading trim_trailing truncate unhex upper_case "
        "url_decode url_encode var_pop var_samp week weeks year years",
    ),
    "table.table.Table": each(
        TABLES,
        "add_columns add_or_replace_columns aggregate distinct drop_columns execute_insert "
        "explain fetch flat_aggregate flat_map from_changelog full_outer_join get_resolved_schema "
        "get_schema group_by insert_into intersect intersect_all join join_lateral "
        "left_outer_join left_outer_join_lateral limit map minus minus_all offset order_by "
        "over_window print_explain print_schema rename_columns right_outer_join to_changelog "
        "to_pandas union union_all window",
    ),
    "table.table_config.TableConfig": each(
        TABLES,
        "add_configuration get_default get_idle_state_retention get_local_timezone "
        "get_max_generated_code_length get_python_executable get_sql_dialect "
        "set_idle_state_retention set_local_timezone set_max_generated_code_length "
        "set_python_executable set_sql_dialect to_map",
    ),
    "table.table_environment.StreamTableEnvironment": each(
        TABLES,
        "from_changelog_stream from_data_stream to_append_stream to_changelog_stream to_retract_stream",
    ),
    "table.table_environment.TableEnvironment": each(
        TABLES,
        "add_python_archive add_python_file compile_plan_sql create_catalog create_java_function "
        "create_java_temporary_function create_java_temporary_system_function create_model "
        "create_statement_set create_table create_temporary_function create_temporary_model "
        "create_temporary_system_function create_temporary_table create_view drop_function "
        "drop_model drop_table drop_temporary_function drop_temporary_model "
        "drop_temporary_system_function drop_temporary_table drop_view execute_plan explain_sql "
        "from_descriptor from_pandas get_catalog list_catalogs list_databases list_full_modules "
        "list_functions list_materialized_tables list_models list_modules list_tables "
        "list_temporary_models list_temporary_tables list_user_defined_functions list_views "
        "load_module load_plan register_catalog set_python_requirements unload_module use_catalog "
        "use_database use_modules",
    ),
    "table.table_result.TableResult": each(
        TABLES,
        "get_job_client get_resolved_schema get_table_schema",
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
