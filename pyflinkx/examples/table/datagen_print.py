"""Made-up rows, a few of their columns and a calculated one, printed: CREATE TABLE and INSERT INTO.

python -m pyflinkx.examples.table.datagen_print
"""

from __future__ import annotations

from pyflinkx.table import EnvironmentSettings, TableEnvironment


def main() -> None:
    """Print five orders and what they come to."""
    environment = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    environment.execute_sql("""
        CREATE TABLE orders (
            id BIGINT,
            pieces INT,
            price DECIMAL(10, 2),
            placed AS TIMESTAMP '2024-01-01 12:00:00'
        ) WITH (
            'connector' = 'datagen',
            'fields.id.kind' = 'sequence',
            'fields.id.start' = '1',
            'fields.id.end' = '5',
            'fields.pieces.min' = '2',
            'fields.pieces.max' = '2',
            'fields.price.min' = '10',
            'fields.price.max' = '10'
        )
    """)
    environment.execute_sql("""
        CREATE TABLE totals (id BIGINT, total DECIMAL(20, 2), placed TIMESTAMP(3)) WITH ('connector' = 'print')
    """)
    environment.execute_sql("INSERT INTO totals SELECT id, pieces * price, placed FROM orders").wait()


if __name__ == "__main__":
    main()
