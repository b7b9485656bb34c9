"""Segments, channels and events, shared by threads or processes."""
