"""What only the one writer of a library does, under its lock. Readers never import this room."""
