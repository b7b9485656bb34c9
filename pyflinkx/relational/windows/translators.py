"""What makes the streams of nodes of windows; to import it enters all of it into relational.translation."""

from __future__ import annotations

from pyflinkx.relational.over import translators as over
from pyflinkx.relational.windows import aggregate, rank, table, watermark

assert aggregate
assert over
assert rank
assert table
assert watermark
