"""What must be true, one module per Azure system. Pure functions: no I/O, no clock, no kopf, no SDK."""
