"""The words for each class: templates with the names of facts in braces."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Vocabulary:
    titles: tuple[str, ...]
    captions: tuple[str, ...]
    tags: tuple[str, ...]  # the first one is always given
    phrases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # fact: value: its wording


VOCABULARIES = {
    "sunsets": Vocabulary(
        titles=(
            "{colour} sunset",
            "Evening by the sea",
            "The sun goes down",
            "Last light on the beach",
            "{mood} evening",
        ),
        captions=(
            "The sun sinks into a {mood} sea under a {colour} sky{extra}.",
            "A {colour} sunset over the ocean, seen from the sand{extra}.",
            "{colour} clouds above the horizon and a path of light on the water{extra}.",
            "A {mood} evening at the beach{extra}; the sky is {colour}.",
        ),
        tags=("sunset", "beach", "{colour}", "sea", "evening", "{mood}"),
        phrases={
            "extra": {
                "empty": "",
                "palms": ", with palm trees",
                "rocks": ", with rocky hills",
                "gulls": ", with gulls in the air",
            }
        },
    ),
    "mountains": Vocabulary(
        titles=(
            "Snow on the peaks",
            "Mountain {place}",
            "High country",
            "Ridge behind ridge",
            "The range {time}",
        ),
        captions=(
            "Snowy mountains {time}, with dark firs in front of a {place}.",
            "A mountain {place} {time}; the highest peak is white with snow.",
            "Ridge behind ridge {time}, and conifers at the edge of the {place}.",
            "Alpine landscape {time}: peaks, hills and a quiet {place}.",
        ),
        tags=("mountains", "snow", "{place}", "{time}", "landscape", "peaks"),
        phrases={
            "time": {
                "morning": "in the morning",
                "alpenglow": "in pink evening light",
                "summer": "in summer",
                "autumn": "in autumn",
                "night": "at night under the moon",
                "storm": "before a storm",
                "golden": "in golden light",
            }
        },
    ),
    "forests": Vocabulary(
        titles=("{trees} in the wood", "Into the forest", "A walk among {trees}", "Light between the trees"),
        captions=(
            "A forest of {trees} {season}, with shafts of light between the trunks.",
            "{trees} {season}, fading into the mist.",
            "Beams of light fall on the forest floor among {trees} {season}.",
            "A quiet wood {season}; {trees} stand row behind row.",
        ),
        tags=("forest", "{trees}", "{season}", "trees", "mist", "quiet"),
        phrases={
            "season": {
                "green": "in deep green",
                "autumn": "in autumn colours",
                "misty": "on a misty morning",
                "winter": "in winter",
                "spring": "in fresh spring green",
                "night": "on a blue night",
                "golden": "in golden light",
            },
            "trees": {"oaks": "broad oaks", "firs": "tall firs", "birches": "white birches"},
        },
    ),
    "cities": Vocabulary(
        titles=("City at night", "Skyline in {colour}", "Windows after dark", "Downtown, {colour}"),
        captions=(
            "A skyline of towers with lit windows {place}, under a {colour} night sky with {moon}.",
            "The city at night {place}: hundreds of windows glow below {moon}.",
            "Skyscrapers and neon signs in {colour} light {place}.",
            "Night in the city, its towers {place}; the sky is {colour}.",
        ),
        tags=("city", "night", "{colour}", "skyline", "{moon}", "lights"),
        phrases={
            "place": {"water": "reflected in the harbour", "streets": "above the rooftops"},
            "moon": {"moon": "a full moon", "stars": "a few stars"},
        },
    ),
    "boats": Vocabulary(
        titles=("{colour} sails", "Under sail {time}", "Sailing boat {time}", "A fair wind"),
        captions=(
            "A sailing boat with {colour} sails on a calm sea {time}.",
            "A {colour} sailing boat {time}, mirrored in the water.",
            "Yacht with {colour} sails near the coast {time}.",
            "{colour} sails against the sky {time}; gulls circle above the sea.",
        ),
        tags=("boat", "{colour}", "sea", "sailing", "{time}", "calm"),
        phrases={
            "time": {
                "noon": "at noon",
                "dusk": "at dusk",
                "dawn": "at dawn",
                "grey": "on a grey day",
                "night": "by moonlight",
                "gold": "in golden evening light",
            }
        },
    ),
    "fruit": Vocabulary(
        titles=("Bowl of {fruit}", "Still life with {fruit}", "{fruit} {other}", "Fresh {fruit}"),
        captions=(
            "A bowl of {fruit} {other} on a {place}.",
            "Still life: {fruit} {other} in a bowl by the window.",
            "Ripe {fruit} {other} piled high in a bowl on the {place}.",
            "Fresh fruit on a {place}: {fruit} {other}.",
        ),
        tags=("fruit", "{fruit}", "bowl", "{other}", "still life", "kitchen"),
        phrases={
            "other": {
                name: f"and {name}"
                for name in (
                    "apples",
                    "oranges",
                    "lemons",
                    "pears",
                    "plums",
                    "limes",
                    "peaches",
                    "grapes",
                    "green apples",
                )
            }
        },
    ),
    "flowers": Vocabulary(
        titles=("{colour} {flower}", "In the garden", "{flower} in bloom", "A {flower} for you"),
        captions=(
            "{count} {colour} {blooms} in a garden, the background out of focus.",
            "{count} {colour} {blooms} in full bloom.",
            "Close-up: {count} {colour} {blooms} in soft light.",
            "{count} {colour} {blooms} on a summer's day.",
        ),
        tags=("flower", "{flower}", "{colour}", "garden", "bloom", "summer"),
        phrases={"count": {"one": "a single", "many": "three"}},
    ),
    "butterflies": Vocabulary(
        titles=("{colour} {kind}", "Open wings", "A {kind} in the garden", "Summer visitor"),
        captions=(
            "A {colour} {kind} with open wings {place}.",
            "{colour} wings with dark veins and a dotted edge: a {kind} {place}.",
            "A {kind} {place}, {colour} against a blurred garden.",
            "The {colour} {kind} spreads its wings {place}.",
        ),
        tags=("butterfly", "{colour}", "wings", "insect", "garden", "delicate"),
        phrases={"place": {"flower": "resting on a flower", "air": "in flight"}},
    ),
    "reefs": Vocabulary(
        titles=("{colour} fish", "Over the reef", "Down in the {sea} water", "Among corals"),
        captions=(
            "{count} {colour} fish over a coral reef in {sea} water.",
            "Underwater: {count} {colour} fish, corals below and light from above.",
            "{count} {colour} fish swim past corals; bubbles rise in the {sea} sea.",
            "Sunlight falls on a reef with {count} {colour} fish.",
        ),
        tags=("fish", "{colour}", "reef", "underwater", "coral", "{sea}"),
        phrases={"count": {"pair": "two", "shoal": "a shoal of"}, "sea": {"deep": "deep blue"}},
    ),
    "balloons": Vocabulary(
        titles=("{colour} balloon", "Up and away", "Balloon {time}", "Above the hills"),
        captions=(
            "A {colour} hot-air balloon over misty hills {time}.",
            "{count} above the valley {time}, {colour} against the sky.",
            "A {colour} balloon drifts across the sky {time}.",
            "Hot-air balloon in {colour}, with a wicker basket, {time}.",
        ),
        tags=("balloon", "{colour}", "sky", "{time}", "hills", "flying"),
        phrases={
            "time": {
                "blue": "on a clear day",
                "dawn": "at dawn",
                "evening": "in the evening",
                "golden": "in golden light",
                "pale": "on a pale morning",
            },
            "count": {"one": "a hot-air balloon", "many": "hot-air balloons"},
            "colour": {"rainbow": "rainbow-coloured"},
        },
    ),
    "planets": Vocabulary(
        titles=("{colour} world", "A {kind} planet", "Far from home", "Worlds apart"),
        captions=(
            "A {colour} {kind} planet in front of stars and a nebula{moons}.",
            "{colour} planet in deep space{moons}, lit from the left.",
            "The {kind} planet shines {colour} in the dark{moons}.",
            "Space: a {kind} world of {colour} clouds{moons}.",
        ),
        tags=("planet", "space", "{colour}", "stars", "{kind}", "dark"),
        phrases={"moons": {"one moon": ", with one moon", "two moons": ", with two moons"}},
    ),
    "houses": Vocabulary(
        titles=("{colour} house", "Home {season}", "The house on the meadow", "A {colour} cottage"),
        captions=(
            "A {colour} house on a meadow {season}.",
            "The {colour} cottage {season}, with a tiled roof and a garden.",
            "{colour} walls and a pointed roof: a house in the country {season}.",
            "A small {colour} house among trees {season}.",
        ),
        tags=("house", "{colour}", "{season}", "country", "home", "garden"),
        phrases={
            "season": {
                "summer": "in summer",
                "autumn": "in autumn",
                "winter": "in the snow",
                "spring": "in spring",
                "evening": "in the evening",
                "night": "under the stars",
            }
        },
    ),
    "cups": Vocabulary(
        titles=("{colour} {object}", "Tea time", "A quiet break", "{object} by the window"),
        captions=(
            "A {pattern} {colour} {object} on a wooden table, steaming.",
            "Steam rises from a {colour} {object} by the window.",
            "Time for tea: a {pattern} {colour} {object} in morning light.",
            "A {colour} {pattern} {object} in front of a plain wall.",
        ),
        tags=("{object}", "{colour}", "tea", "{pattern}", "table", "cosy"),
    ),
    "umbrellas": Vocabulary(
        titles=("{colour} umbrella", "Rain {time}", "Walking in the rain", "Wet streets"),
        captions=(
            "{people} with a {colour} umbrella on a wet street {time}.",
            "A {colour} umbrella in the rain {time}, the pavement shining.",
            "Rain in the city {time}: {people} under a {colour} umbrella.",
            "Under a {colour} umbrella through the rain {time}.",
        ),
        tags=("umbrella", "rain", "{colour}", "street", "city", "wet"),
        phrases={
            "time": {
                "grey": "on a grey day",
                "evening": "in the evening",
                "blue": "at the blue hour",
                "night": "at night",
                "warm": "in warm light",
            },
            "people": {"one": "a walker", "two": "two people", "three": "three people"},
        },
    ),
    "birds": Vocabulary(
        titles=("Birds on a wire", "{colour} birds", "Waiting for autumn", "Notes on a stave"),
        captions=(
            "{count} {colour} birds on telephone wires under a {sky} sky.",
            "{count} {colour} birds side by side; the sky is {sky}.",
            "Wires with {count} {colour} birds against a {sky} sky.",
            "{count} small {colour} birds rest on the wires.",
        ),
        tags=("birds", "{colour}", "wires", "{sky}", "sky", "resting"),
        phrases={"count": {"few": "a few", "flock": "a flock of"}},
    ),
    "cars": Vocabulary(
        titles=("{colour} {car}", "On the road", "Driving {place}", "The {colour} {car}"),
        captions=(
            "A {colour} {car} on the road {place}.",
            "{colour} {car} seen from the side, {place}.",
            "Driving a {colour} {car} {place}.",
            "The {colour} {car} on its way {place}.",
        ),
        tags=("car", "{colour}", "{car}", "road", "{place}", "travel"),
        phrases={
            "place": {
                "coast": "along the coast",
                "desert": "through the desert",
                "meadow": "between green meadows",
                "dusk": "at dusk",
                "city": "in the city",
                "night": "at night in the city",
            }
        },
    ),
}
