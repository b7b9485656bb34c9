"""Kafka as a source and as a sink, by confluent-kafka."""
