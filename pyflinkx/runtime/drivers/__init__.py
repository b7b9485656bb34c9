"""Who runs a job: the calling thread, or a JobManager with workers."""
