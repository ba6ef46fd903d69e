"""What the pictures of the sets show, in seven words, to tell which intruders share nothing with a library.

A picture may hold more than its label says: animals stand in landscapes and sit on plants, most street scenes
hold people. Labels say too little rather than too much, so doubtful ones get more words.

The tables were revised once after looking at which intruders scored high (animals then got the landscapes
that they stand in, aircraft the sky's, printed things that of packed food), so they are not blind. The sets
of HELD_OUT were given their words before any of their scores were seen, and keep them.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator

from .sets import ROOT

Subjects = frozenset[str]


def _parse_subjects(words: str) -> Subjects:
    return frozenset(words.split())


def _parse_table(text: str) -> dict[str, Subjects]:
    """Lines of `words: label label`, a label's blanks written as underlines."""
    lines = [line.split(":") for line in text.strip().splitlines()]
    return {
        label.replace("_", " "): _parse_subjects(words) for words, labels in lines for label in labels.split()
    }


COREL = _parse_table("""
place person thing: beaches
vehicle place person: bus
animal: dinosaurs
animal plant place: elephants horses
plant animal: flowers
food plant thing: foods
place: monuments
place vehicle: mountains_and_snow
person place animal thing: people_and_villages_in_Africa
""")
CALTECH = _parse_table("""
animal: ant bass butterfly crab dragonfly lobster mayfly nautilus octopus
animal: sea_horse snoopy starfish tick trilobite
animal thing: brain garfield scorpion
animal person: buddha
animal place plant: Leopards beaver brontosaurus cougar_body cougar_face crocodile crocodile_head dalmatian
animal place plant: dolphin elephant emu flamingo flamingo_head gerenuk hawksbill hedgehog ibis
animal place plant: kangaroo llama okapi panda pigeon platypus rhino rooster stegosaurus wild_cat
animal food: crayfish
plant place: bonsai joshua_tree
plant animal: lotus sunflower water_lilly
food plant: strawberry
food: pizza
person: Faces_easy
person place: Faces
place: minaret pagoda pyramid
vehicle: Motorbikes
vehicle place: airplanes car_side ferry helicopter ketch schooner
vehicle thing person: wheelchair inline_skate
thing place: cannon stop_sign chandelier
thing person: umbrella
thing food: cup
""")
COCO = _parse_table("""
animal place plant: bird cat dog horse sheep cow elephant bear zebra giraffe
food thing: banana apple sandwich orange broccoli carrot hot_dog pizza donut cake bowl dining_table
food thing: cup fork knife spoon bottle wine_glass oven refrigerator microwave toaster sink
plant thing: potted_plant vase
animal thing: teddy_bear
person: person
vehicle place: bicycle car motorcycle airplane bus train truck boat
place thing: traffic_light fire_hydrant stop_sign parking_meter bench kite skis snowboard
place thing: surfboard frisbee
place thing person: baseball_bat baseball_glove skateboard tennis_racket sports_ball
""")
HELD_OUT = {
    "grocery81_iconic": _parse_subjects("food plant"),
    "vi_captions": _parse_subjects("person place thing vehicle animal"),  # ball sports
}
# The thousand classes in the order of their WordNet ids: where each stretch begins.
IMAGENET = (
    (0, "animal plant place"), (398, "thing vehicle place person"), (924, "food plant"),
    (970, "place animal vehicle"), (981, "person place"), (984, "plant animal place"),
    (988, "plant food animal"), (999, "thing food"),
)  # fmt: skip
# Things that hold food, are packed or printed like it, or come with animals or plants.
BESIDE = _parse_table("""
food: plate menu bakery butcher_shop grocery_store refrigerator packet carton pop_bottle milk_can crate hamper
food: restaurant dining_table shopping_basket shopping_cart confectionery water_bottle bucket frying_pan wok
food: soup_bowl mixing_bowl Crock_Pot Dutch_oven vending_machine tobacco_shop wine_bottle beer_bottle
food: beer_glass cocktail_shaker goblet strainer spatula wooden_spoon ladle cleaver waffle_iron toaster
food: measuring_cup water_jug pitcher cup tray coffee_mug espresso_maker caldron mortar plastic_bag rotisserie
food: stove microwave croquet_ball golf_ball tennis_ball bottlecap sunscreen lotion pill_bottle hair_spray
food: comic_book book_jacket web_site crossword_puzzle medicine_chest toyshop shoe_shop soap_dispenser
plant food: greenhouse jack-o'-lantern barrel rain_barrel pot
animal: horse_cart oxcart dogsled apiary plow harvester honeycomb birdhouse spider_web muzzle carousel teddy
animal: piggy_bank mosquito_net fur_coat feather_boa wool
animal plant: barn maze stone_wall worm_fence chainlink_fence picket_fence totem_pole barrow thatch yurt
animal plant: park_bench pole lawn_mower thresher vase
place animal: hay rapeseed corn ear
""")


def subjects_of_set(name: str) -> Iterator[tuple[str, str, Subjects]]:
    """Path, label and subjects of every picture of a set; a picture with several labels has the first."""
    with (ROOT / "data" / name / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    order = {label: place for place, label in enumerate(sorted({row["label"] for row in rows}))}
    for row in rows:
        yield row["path"], row["label"], _subjects_of_row(name, row, order[row["label"]])


def _subjects_of_row(name: str, row: dict[str, str], place: int) -> Subjects:
    label = row["label"].replace("_", " ")
    if name in HELD_OUT:
        return HELD_OUT[name]
    if name == "corel1k":
        return COREL[label]
    if name == "caltech101":
        return CALTECH.get(label, _parse_subjects("thing"))
    if name == "coco_mini":
        words_by_label = (COCO.get(one, _parse_subjects("thing")) for one in label.split("|"))
        return _parse_subjects("place").union(*words_by_label)
    if name == "imagenet_sample1k":
        stretch = [words for begin, words in IMAGENET if begin <= place][-1]
        return _parse_subjects(stretch) | BESIDE.get(row["caption"], frozenset())
    return _parse_subjects("food plant")
