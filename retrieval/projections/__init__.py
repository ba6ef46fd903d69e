"""Derived, disposable indexes: FAISS for each space, Whoosh for words, both under one protocol."""
