"""Writes statements but for those that define objects."""

from __future__ import annotations

from pyflinkx.sql.tree import statements as s
from pyflinkx.sql.unparse.expressions import called
from pyflinkx.sql.unparse.queries import hints
from pyflinkx.sql.unparse.text import clause, many, name, options, path, string, words, write


@write.register
def _(node: s.QueryStatement) -> str:
    return write(node.query)


@write.register
def _(node: s.PartitionValue) -> str:
    return name(node.name) if node.value is None else f"{name(node.name)} = {write(node.value)}"


def partition(values: tuple[s.PartitionValue, ...]) -> str | None:
    """PARTITION, if there is one."""
    return f"PARTITION ({many(values)})" if values else None


# ---- Changes of data


@write.register
def _(node: s.Insert) -> str:
    return words(
        "UPSERT INTO" if node.upsert else "INSERT OVERWRITE" if node.overwrite else "INSERT INTO",
        write(node.target),
        hints(node.hints),
        partition(node.partition),
        f"({many(node.columns)})" if node.columns else None,
        write(node.query),
        node.on_conflict and f"ON CONFLICT DO {node.on_conflict}",
    )


@write.register
def _(node: s.Assignment) -> str:
    return f"{write(node.column)} = {write(node.value)}"


def _alias(alias: str | None) -> str | None:
    return None if alias is None else f"AS {name(alias)}"


@write.register
def _(node: s.Update) -> str:
    target = words("UPDATE", write(node.target), hints(node.hints), _alias(node.alias))
    return words(target, f"SET {many(node.assignments)}", clause("WHERE", node.where))


@write.register
def _(node: s.Delete) -> str:
    target = words("DELETE FROM", write(node.target), hints(node.hints), _alias(node.alias))
    return words(target, clause("WHERE", node.where))


@write.register
def _(node: s.Truncate) -> str:
    return f"TRUNCATE TABLE {write(node.target)}"


# ---- Sets of statements and plans


@write.register
def _(node: s.StatementSet) -> str:
    return words("STATEMENT SET BEGIN", *(f"{write(insert)};" for insert in node.inserts), "END")


@write.register
def _(node: s.BeginStatementSet) -> str:
    return "BEGIN STATEMENT SET"


@write.register
def _(node: s.EndStatementSet) -> str:
    return "END"


@write.register
def _(node: s.Execute) -> str:
    return f"EXECUTE {write(node.statement)}"


@write.register
def _(node: s.CompilePlan) -> str:
    return words(
        "COMPILE",
        node.execute and "AND EXECUTE",
        "PLAN",
        string(node.path),
        node.if_not_exists and "IF NOT EXISTS",
        f"FOR {write(node.statement)}",
    )


@write.register
def _(node: s.ExecutePlan) -> str:
    return f"EXECUTE PLAN {string(node.path)}"


@write.register
def _(node: s.CallProcedure) -> str:
    return f"CALL {called(node.call, path(node.call.name.parts))}"


# ---- Questions


@write.register
def _(node: s.Explain) -> str:
    return words("EXPLAIN", ", ".join(node.details), write(node.statement))


@write.register
def _(node: s.Describe) -> str:
    if node.kind == "JOB":
        return f"DESCRIBE JOB {string(node.name.parts[0])}"
    kind = None if node.kind == "TABLE" else node.kind
    return words("DESCRIBE", kind, node.extended and "EXTENDED", write(node.name))


@write.register
def _(node: s.Show) -> str:
    pattern = None
    if node.pattern is not None:
        pattern = words(node.negated and "NOT", node.operator, string(node.pattern))
    return words("SHOW", node.kind, node.preposition, clause("", node.name), partition(node.partition), pattern)


# ---- Sessions


@write.register
def _(node: s.Use) -> str:
    return words("USE", node.kind == "CATALOG" and "CATALOG", write(node.name))


@write.register
def _(node: s.UseModules) -> str:
    return f"USE MODULES {', '.join(map(name, node.names))}"


@write.register
def _(node: s.LoadModule) -> str:
    return words("LOAD MODULE", name(node.name), f"WITH {options(node.options)}" if node.options else None)


@write.register
def _(node: s.UnloadModule) -> str:
    return f"UNLOAD MODULE {name(node.name)}"


@write.register
def _(node: s.SetOption) -> str:
    return "SET" if node.key is None else f"SET {string(node.key)} = {string(node.value or '')}"


@write.register
def _(node: s.ResetOption) -> str:
    return "RESET" if node.key is None else f"RESET {string(node.key)}"


@write.register
def _(node: s.Jar) -> str:
    return f"{node.action} JAR {string(node.path)}"


@write.register
def _(node: s.Analyze) -> str:
    columns = None
    if node.columns is not None:
        columns = f"FOR COLUMNS {', '.join(map(name, node.columns))}" if node.columns else "FOR ALL COLUMNS"
    return words("ANALYZE TABLE", write(node.target), partition(node.partition), "COMPUTE STATISTICS", columns)


@write.register
def _(node: s.StopJob) -> str:
    savepoint, drain = node.savepoint and "WITH SAVEPOINT", node.drain and "WITH DRAIN"
    return words("STOP JOB", string(node.job), savepoint, drain)


@write.register
def _(node: s.Command) -> str:
    return node.name
