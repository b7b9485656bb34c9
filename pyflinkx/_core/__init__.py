"""Compiled core: memory, batches, codecs, partitioning and per-record call loops."""
