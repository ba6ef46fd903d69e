"""Pictures as files: bytes to pixels, metadata, and processes for hostile files."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submodules={"images"})
