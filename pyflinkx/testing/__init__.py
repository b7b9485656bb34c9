"""Helps to test operators and functions without running a job."""
