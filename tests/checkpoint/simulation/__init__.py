"""A job with checkpoints in which only the coordinator and the valves are real.

One seeded scheduler drives everything else: tasks and their channels, what is said between them and the client, a disk
that loses what was not synced, a target with transactions. The same seed gives the same trace.
"""
