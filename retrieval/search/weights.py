"""How much each signal counts in a search, and how its rankings become one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TypeAlias, final

from ..catalog import Catalog, FusionRecipe
from ..errors import InvalidQuery
from ..query.values import Query
from ..ranking.arrays import Float64Scores
from ..ranking.fusion import Amounts, calibrated_score, reciprocal_rank, relative_score, with_closeness
from ..ranking.relevance import Calibration
from ..ranking.verification import inlier_closeness
from ..signals import DETAILS, MEANING, SCALES, WORDS, bandwidths, sharpness_by_signal
from .context import SearchContext
from .probes import Probe

Closeness: TypeAlias = Callable[[Float64Scores], Float64Scores]


@final
class Weighting:
    """The weights and the fusion of one search: the query decides first, then its recipe, then the library.

    `text_closeness` gives the closeness of the scores of MEANING: it depends on what maps texts to vectors.
    """

    def __init__(self, context: SearchContext, text_closeness: Closeness) -> None:
        """Raises InvalidQuery for a recipe that is not saved."""
        self._context, self._text_closeness = context, text_closeness
        self._recipe = _load_recipe(context.catalog, context.query.options.recipe)
        learned = self._recipe.weights if self._recipe else {}
        self._chosen_weights: Mapping[str, float] = {**learned, **context.query.weights}

    def weight_of(self, signal: str, scale: str = "") -> float:
        """What a signal counts in a part of weight 1; `scale` as in Probe."""
        if signal in self._chosen_weights:
            return self._chosen_weights[signal]
        if scale in SCALES and (weight := SCALES[scale].default_weight) is not None:
            return weight
        return self._context.settings.default_weight(signal)

    def apply_weights(self, probes: Iterable[Probe]) -> list[Probe]:
        """The probes with the weights of their signals in them.

        The signals of a part share its weight, by default: a text asks more signals than a picture, and must
        not count more for it. Where the query or the recipe gives one of these signals a weight, nothing is
        shared, and all of them count what their weights say.
        """
        probes = list(probes)
        chosen = {probe.part for probe in probes if probe.signal in self._chosen_weights}
        return [
            replace(
                probe,
                weight=probe.weight * self.weight_of(probe.signal, probe.scale),
                shared=0.0 if probe.part in chosen else abs(probe.weight),
            )
            for probe in probes
        ]

    @property
    def fusion(self) -> str:
        """How rankings become one: the name of one of `query.values.FUSIONS`."""
        recipe = self._recipe.fusion if self._recipe else None
        return self._context.query.options.fusion or recipe or self._context.options.fusion

    def make_amounts(self, probes: Iterable[Probe]) -> Amounts:
        """What the rankings of these plain probes give to their images."""
        if self.fusion == "reciprocal-rank":
            return reciprocal_rank(self._recipe.k if self._recipe else self._context.settings.fusion_k)
        amounts = relative_score(bandwidths())
        if self.fusion == "calibrated":
            amounts = calibrated_score(self._calibrations(probes), sharpness_by_signal(), others=amounts)
        return with_closeness(amounts, {DETAILS: inlier_closeness, MEANING: self._text_closeness})

    def _calibrations(self, probes: Iterable[Probe]) -> dict[tuple[int, str], Calibration]:
        calibrations = (
            ((probe.part, probe.signal), self._context.judge.calibrate_probe(probe))
            for probe in probes
            if probe.signal != WORDS
        )
        return {key: calibration for key, calibration in calibrations if calibration is not None}


def _load_recipe(catalog: Catalog, name: str | None) -> FusionRecipe | None:
    if not name:
        return None
    with catalog.reading() as reader:
        recipes = reader.load_recipes()
    if name not in recipes:
        hint = f"there are {', '.join(recipes)}" if recipes else "make one with `pictor tune --save NAME`"
        raise InvalidQuery(f"recipe {name}: there is none of that name; {hint}")
    return recipes[name]


def check_signals(query: Query, signals: Iterable[str]) -> None:
    """Raise InvalidQuery for a weight of a signal that the library does not have."""
    names = sorted(signals)
    for signal in query.weights:
        if signal not in names:
            raise InvalidQuery(f"signal {signal}: this library has {', '.join(names)}")
