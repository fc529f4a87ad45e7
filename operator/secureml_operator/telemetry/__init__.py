"""What this process tells about itself: metrics for Prometheus, log records for people and machines.

Names follow controller-runtime where it has one, so that the dashboards people own already work. Every
name is documented in `docs/operations.md`, and a test fails when one is missing there.
"""
