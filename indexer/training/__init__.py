"""Training of backbones: nothing here is imported by the engine, and torch only when a training runs."""
