"""The command ``pyflinkx sql``: statements of SQL from a terminal, a file or the command line."""

# How results are written.
FORMATS = ("tableau", "table", "changelog", "csv", "json")
