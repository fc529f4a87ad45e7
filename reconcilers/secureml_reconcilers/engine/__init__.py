"""Reads, compares, orders and begins writes, and computes conditions. It knows nothing of machine learning."""
