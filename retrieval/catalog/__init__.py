"""The catalog in SQL, the only truth: images, locations, facts and features. The only home of sqlalchemy."""

import lazy_loader

# The names stand in __init__.pyi. What reads the values alone, such as a client, does not load SQL.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
