"""One module for each command; `indexer.cli` loads the one that is called."""
