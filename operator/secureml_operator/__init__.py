"""Kubernetes side: watches custom resources, queues work, writes status. It contains no Azure word."""
