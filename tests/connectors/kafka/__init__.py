"""Kafka, against a real broker."""
