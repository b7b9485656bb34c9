"""Kinds of rows brought to what a reader takes: whole changes of upserts, and upserts by another key."""
