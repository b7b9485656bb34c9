"""What decides over a running job: its attempts, and where each stands."""
