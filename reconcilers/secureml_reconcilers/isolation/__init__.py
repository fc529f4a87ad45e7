"""What must be true, one module per Azure system.

Pure functions from a `WorkspaceContext`, or the `NetworkPlan` in it that other kinds share, and a view of Azure
to building blocks: no I/O, no clock, no kopf, no SDK. Each reads like the article it implements and names its
rule ids.
"""
