"""Elasticsearch and OpenSearch: documents by bulk requests."""
