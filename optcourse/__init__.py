"""optcourse: how neural networks are trained, one algorithm at a time."""
