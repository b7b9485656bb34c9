"""Bytes to records and back: CSV, JSON, text and what compresses them. No files here."""
