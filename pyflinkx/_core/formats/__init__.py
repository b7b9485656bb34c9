"""Texts of formats read and written by compiled code."""
