"""Plain sentences: bare words of a query line become terms of the query language, by grammars alone."""
