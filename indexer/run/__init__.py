"""One indexing run, from folders to the catalog."""
