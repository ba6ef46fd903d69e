"""One function per class draws a picture on a canvas and tells the facts that its words may use."""

from collections.abc import Callable
from typing import Final

import numpy as np

from ..canvas import Canvas
from ..facts import Facts
from .balloons import balloons
from .birds import birds
from .boats import boats
from .butterflies import butterflies
from .cars import cars
from .city import night
from .coast import sunset
from .cups import cups
from .flowers import flowers
from .forest import forest
from .fruit import fruit
from .house import house
from .mountains import mountains
from .planets import planet
from .reef import reef
from .umbrellas import umbrellas

Scene = Callable[[Canvas, np.random.Generator, int], Facts]  # the number is the picture's turn in its class

# class (and folder): name of a file, scene
SCENES: Final[dict[str, tuple[str, Scene]]] = {
    "sunsets": ("sunset", sunset),
    "mountains": ("mountain", mountains),
    "forests": ("forest", forest),
    "cities": ("city", night),
    "boats": ("boat", boats),
    "fruit": ("fruit", fruit),
    "flowers": ("flower", flowers),
    "butterflies": ("butterfly", butterflies),
    "reefs": ("reef", reef),
    "balloons": ("balloon", balloons),
    "planets": ("planet", planet),
    "houses": ("house", house),
    "cups": ("cup", cups),
    "umbrellas": ("umbrella", umbrellas),
    "birds": ("birds", birds),
    "cars": ("car", cars),
}

__all__ = ["SCENES", "Scene"]
