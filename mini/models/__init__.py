"""What learns: flax.nnx modules."""
