"""Checkpoints and savepoints: what they hold, when they are taken, and how they lie on disk."""
