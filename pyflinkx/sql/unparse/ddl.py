"""Writes statements that define, change and remove objects."""

from __future__ import annotations

from pyflinkx.sql.tree import ddl as d
from pyflinkx.sql.tree.base import Node
from pyflinkx.sql.unparse.statements import partition
from pyflinkx.sql.unparse.text import clause, many, name, names, options, string, words, write


def commented(comment: str | None) -> str | None:
    """COMMENT, if there is one."""
    return None if comment is None else f"COMMENT {string(comment)}"


def with_options(found: d.Options) -> str | None:
    """WITH, if there are options."""
    return f"WITH {options(found)}" if found else None


# ---- The parts of a table


@write.register
def _(node: d.Constraint) -> str:
    return words(
        None if node.name is None else f"CONSTRAINT {name(node.name)}",
        node.kind,
        names(node.columns) if node.columns else None,
        {True: "ENFORCED", False: "NOT ENFORCED", None: None}[node.enforced],
    )


@write.register
def _(node: d.Column) -> str:
    return write(node.name)


@write.register
def _(node: d.PhysicalColumn) -> str:
    return words(write(node.name), write(node.type), clause("", node.constraint), commented(node.comment))


@write.register
def _(node: d.MetadataColumn) -> str:
    key = None if node.key is None else f"FROM {string(node.key)}"
    virtual = node.virtual and "VIRTUAL"
    return words(write(node.name), write(node.type), "METADATA", key, virtual, commented(node.comment))


@write.register
def _(node: d.ComputedColumn) -> str:
    return words(write(node.name), "AS", write(node.expression), commented(node.comment))


@write.register
def _(node: d.Watermark) -> str:
    return f"WATERMARK FOR {write(node.column)} AS {write(node.expression)}"


@write.register
def _(node: d.Distribution) -> str:
    by = f"BY {node.kind or ''}{names(node.columns)}" if node.columns else None
    return words(by, None if node.buckets is None else f"INTO {node.buckets} BUCKETS")


@write.register
def _(node: d.LikeOption) -> str:
    return f"{node.strategy} {node.feature}"


@write.register
def _(node: d.TableLike) -> str:
    return words(write(node.table), f"({' '.join(map(write, node.options))})" if node.options else None)


def _parts(*nodes: Node | None) -> str | None:
    found = [write(node) for node in nodes if node is not None]
    return f"({', '.join(found)})" if found else None


def _partitioned(columns: tuple[str, ...]) -> str | None:
    return f"PARTITIONED BY {names(columns)}" if columns else None


# ---- CREATE


@write.register
def _(node: d.CreateTable) -> str:
    return words(
        node.replace or "CREATE",
        node.temporary and "TEMPORARY",
        "TABLE",
        node.if_not_exists and "IF NOT EXISTS",
        write(node.name),
        _parts(*node.columns, *node.constraints, node.watermark),
        commented(node.comment),
        clause("DISTRIBUTED", node.distribution),
        _partitioned(node.partitioned_by),
        clause("USING CONNECTION", node.connection),
        with_options(node.options),
        clause("LIKE", node.like),
        clause("AS", node.query),
    )


@write.register
def _(node: d.StartMode) -> str:
    return f"{node.kind}({write(node.argument)})" if node.argument else node.kind


@write.register
def _(node: d.CreateMaterializedTable) -> str:
    return words(
        "CREATE",
        node.or_alter and "OR ALTER",
        "MATERIALIZED TABLE",
        write(node.name),
        _parts(*node.columns, *node.constraints, node.watermark),
        commented(node.comment),
        clause("DISTRIBUTED", node.distribution),
        _partitioned(node.partitioned_by),
        with_options(node.options),
        clause("START_MODE =", node.start_mode),
        clause("FRESHNESS =", node.freshness),
        node.refresh_mode and f"REFRESH_MODE = {node.refresh_mode}",
        clause("AS", node.query),
    )


@write.register
def _(node: d.CreateView) -> str:
    return words(
        "CREATE",
        node.replace and "OR REPLACE",
        node.temporary and "TEMPORARY",
        "VIEW",
        node.if_not_exists and "IF NOT EXISTS",
        write(node.name),
        names(node.columns) if node.columns else None,
        commented(node.comment),
        clause("AS", node.query),
    )


@write.register
def _(node: d.CreateCatalog) -> str:
    exists = node.if_not_exists and "IF NOT EXISTS"
    return words("CREATE CATALOG", exists, write(node.name), commented(node.comment), with_options(node.options))


@write.register
def _(node: d.CreateDatabase) -> str:
    exists = node.if_not_exists and "IF NOT EXISTS"
    return words("CREATE DATABASE", exists, write(node.name), commented(node.comment), with_options(node.options))


@write.register
def _(node: d.CreateConnection) -> str:
    return words(
        "CREATE",
        node.temporary and "TEMPORARY",
        node.system and "SYSTEM",
        "CONNECTION",
        node.if_not_exists and "IF NOT EXISTS",
        write(node.name),
        commented(node.comment),
        f"WITH {options(node.options)}",
    )


@write.register
def _(node: d.CreateFunction) -> str:
    resources = ", ".join(f"{kind} {string(place)}" for kind, place in node.resources)
    return words(
        "CREATE",
        node.temporary and "TEMPORARY",
        node.system and "SYSTEM",
        "FUNCTION",
        node.if_not_exists and "IF NOT EXISTS",
        write(node.name),
        f"AS {string(node.class_name)}",
        node.language and f"LANGUAGE {node.language}",
        resources and f"USING {resources}",
        with_options(node.options),
    )


@write.register
def _(node: d.CreateModel) -> str:
    return words(
        "CREATE",
        node.temporary and "TEMPORARY",
        "MODEL",
        node.if_not_exists and "IF NOT EXISTS",
        write(node.name),
        f"INPUT {_parts(*node.inputs)}" if node.inputs else None,
        f"OUTPUT {_parts(*node.outputs)}" if node.outputs else None,
        commented(node.comment),
        with_options(node.options),
        clause("AS", node.query),
    )


# ---- DROP and ALTER


@write.register
def _(node: d.Drop) -> str:
    return words(
        "DROP",
        node.temporary and "TEMPORARY",
        node.system and "SYSTEM",
        node.kind,
        node.if_exists and "IF EXISTS",
        write(node.name),
        {True: "CASCADE", False: "RESTRICT", None: None}[node.cascade],
    )


@write.register
def _(node: d.Alter) -> str:
    return words(
        "ALTER",
        node.temporary and "TEMPORARY",
        node.system and "SYSTEM",
        node.kind,
        node.if_exists and "IF EXISTS",
        write(node.name),
        write(node.change),
    )


@write.register
def _(node: d.Rename) -> str:
    return f"RENAME TO {write(node.to)}"


@write.register
def _(node: d.RenameColumn) -> str:
    return f"RENAME {write(node.column)} TO {write(node.to)}"


@write.register
def _(node: d.SetOptions) -> str:
    return f"SET {options(node.options)}"


@write.register
def _(node: d.ResetOptions) -> str:
    return f"RESET ({', '.join(map(string, node.keys))})"


@write.register
def _(node: d.SetComment) -> str:
    return f"COMMENT {string(node.comment)}"


@write.register
def _(node: d.PlacedColumn) -> str:
    return words(write(node.column), node.first and "FIRST", clause("AFTER", node.after))


@write.register
def _(node: d.ChangeSchema) -> str:
    if node.distribution:
        return f"{node.action} DISTRIBUTION {write(node.distribution)}"
    return words(node.action, _parts(*node.columns, *node.constraints, node.watermark))


@write.register
def _(node: d.DropColumns) -> str:
    return f"DROP ({many(node.columns)})"


@write.register
def _(node: d.DropPart) -> str:
    return words("DROP", node.part, None if node.name is None else name(node.name))


@write.register
def _(node: d.Partition) -> str:
    return words(partition(node.values), with_options(node.options))


@write.register
def _(node: d.AddPartitions) -> str:
    return words("ADD", node.if_not_exists and "IF NOT EXISTS", *map(write, node.partitions))


@write.register
def _(node: d.DropPartitions) -> str:
    return words("DROP", node.if_exists and "IF EXISTS", many(node.partitions))


@write.register
def _(node: d.SetQuery) -> str:
    return f"AS {write(node.query)}"


@write.register
def _(node: d.SetClass) -> str:
    return words(f"AS {string(node.class_name)}", node.language and f"LANGUAGE {node.language}")


@write.register
def _(node: d.Suspend) -> str:
    return "SUSPEND"


@write.register
def _(node: d.Resume) -> str:
    return words("RESUME", with_options(node.options))


@write.register
def _(node: d.Refresh) -> str:
    return words("REFRESH", partition(node.partition))


@write.register
def _(node: d.SetFreshness) -> str:
    return f"SET FRESHNESS = {write(node.freshness)}"


@write.register
def _(node: d.SetRefreshMode) -> str:
    return f"SET REFRESH_MODE = {node.mode}"
