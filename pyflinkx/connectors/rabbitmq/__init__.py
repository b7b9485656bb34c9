"""RabbitMQ: queues as a source and as a sink."""
