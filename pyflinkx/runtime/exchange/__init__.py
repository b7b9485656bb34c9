"""What moves batches between tasks, in a process and between processes."""
