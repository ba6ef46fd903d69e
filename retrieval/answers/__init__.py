"""What the engine answers, as values for programs: the shapes of the API and of the commands' `--json`."""

import lazy_loader

# The names stand in __init__.pyi. pydantic is loaded when one of them is used: most commands print no JSON.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
