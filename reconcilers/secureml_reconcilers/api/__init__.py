"""Custom resource models, and the generator that turns them into CRDs. A leaf: it imports nothing of ours."""
