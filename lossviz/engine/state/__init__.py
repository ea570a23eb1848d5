"""Buffers and frozen parameters of a model that is moved, and what it keeps between calls."""
