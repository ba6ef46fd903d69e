"""Rankings and what is done with them: pure functions on arrays and values."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, submodules={"evaluation", "tuning", "word_tower"}
)
