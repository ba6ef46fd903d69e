"""One function per class draws a picture on a canvas and returns the facts that its words may use."""

from collections.abc import Callable
from typing import Final

import numpy as np

from ..canvas import Canvas
from ..facts import Facts
from .balloons import draw_balloons
from .birds import draw_birds
from .boats import draw_boats
from .butterflies import draw_butterflies
from .cars import draw_cars
from .city import draw_night
from .coast import draw_sunset
from .cups import draw_cups
from .flowers import draw_flowers
from .forest import draw_forest
from .fruit import draw_fruit
from .house import draw_scene_with_house
from .mountains import draw_mountains
from .planets import draw_planet
from .reef import draw_reef
from .umbrellas import draw_umbrellas

Scene = Callable[[Canvas, np.random.Generator, int], Facts]  # the number is the picture's turn in its class

# class (and folder): name of a file, scene
SCENES: Final[dict[str, tuple[str, Scene]]] = {
    "sunsets": ("sunset", draw_sunset),
    "mountains": ("mountain", draw_mountains),
    "forests": ("forest", draw_forest),
    "cities": ("city", draw_night),
    "boats": ("boat", draw_boats),
    "fruit": ("fruit", draw_fruit),
    "flowers": ("flower", draw_flowers),
    "butterflies": ("butterfly", draw_butterflies),
    "reefs": ("reef", draw_reef),
    "balloons": ("balloon", draw_balloons),
    "planets": ("planet", draw_planet),
    "houses": ("house", draw_scene_with_house),
    "cups": ("cup", draw_cups),
    "umbrellas": ("umbrella", draw_umbrellas),
    "birds": ("birds", draw_birds),
    "cars": ("car", draw_cars),
}

__all__ = ["SCENES", "Scene"]
