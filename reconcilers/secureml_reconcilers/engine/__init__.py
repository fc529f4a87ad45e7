"""Reads, compares, orders and begins writes, computes conditions. It knows nothing of machine learning."""
