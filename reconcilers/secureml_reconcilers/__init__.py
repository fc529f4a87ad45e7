"""Azure side: what must be true for each custom resource, and the engine that makes it true."""
