"""Makes a word tower: words are chosen, encoded and fitted to texts, and led to a library's subject space."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from data.categories.wordnet import WordNet
from retrieval import InvalidSetting, Library, SentenceEncoder, round_rows, word_tower, word_tower_to_bytes

from .contrast import STEPS, CaptionMap, Captions, fit_by_contrast
from .encoder_map import EncodedTexts, EncoderTexts, fit_encoder_map
from .looks import Looks, Things, guess_looks
from .subject_map import (
    CAPTION_AXES,
    NAME_AXES,
    NAME_RIDGE,
    SAMPLE_STEP,
    KernelFit,
    Pairs,
    choose_anchors,
    choose_axes,
    find_inverse,
    make_subject_map,
    measure_nearness,
    regress,
    regress_captions,
)
from .vocabulary import CLASSES, Vocabulary, choose_vocabulary, list_classes, list_definitions, vary_captions
from .word_table import average_bags, fit_table, list_bags

NUMBERS = 160  # in a row of the table: main directions of the encoder's vectors
MOST_PHRASES = 7000  # those of which their words say the least
VARIED = 11_000  # captions with other nouns in them, from which the table learns as well
HELD_OUT = 10  # every tenth picture measures what captions find
BLOCK = 512  # texts between two reports
FEWEST = 100  # captioned pictures
MOST_LOOKS = 12_000  # those that are guessed most surely
FITTED = ("photos", "synonyms", "definitions", "captions", "varied")  # texts that the table is fitted to

OnStep: TypeAlias = Callable[[str, int, int, str], None]  # stage, done, total, note


@dataclass(frozen=True, slots=True, eq=False)
class CaptionedPictures:
    """Captions, the row of the picture of each, and the subjects of the pictures, centred, at length 1."""

    captions: list[str]
    rows: list[int]
    subjects: Tensor

    def select(self, *, held_out: bool) -> CaptionedPictures:
        """Every HELD_OUT-th picture, or all others; rows go on to mean all pictures."""
        kept = [place for place, row in enumerate(self.rows) if (row % HELD_OUT == HELD_OUT - 1) == held_out]
        return CaptionedPictures(
            [self.captions[place] for place in kept], [self.rows[place] for place in kept], self.subjects
        )


@dataclass(frozen=True, slots=True, eq=False)
class MadeTower:
    """The file of a tower, and the share of held-out captions with their picture among the first 1, 5, 10."""

    data: bytes
    recalls: tuple[float, float, float]


def make_word_tower(
    library: Library, encoder: SentenceEncoder, frequent: list[str], wordnet: Path, seed: int, on_step: OnStep
) -> MadeTower:
    """The word tower of a library's backbone, learned from its classifier and the captions in the library.

    `frequent`: English words, the most frequent first. `wordnet`: the folder of WordNet's files. Raises
    InvalidSetting where the backbone has no classifier, or there are too few captions.
    """
    sha256, weight = library.search_state.spaces.class_weights()
    pictures = read_captioned(library)
    learned = pictures.select(held_out=False)
    vocabulary = choose_vocabulary(frequent, wordnet, learned.captions)
    varied = vary_captions(learned.captions, frequent, wordnet, VARIED, seed)
    kinds = _encode_kinds(encoder, vocabulary, learned.captions, varied, on_step)
    table = _make_table(vocabulary, _centre_kinds(kinds))
    classes = normalize(torch.from_numpy(weight - weight.mean(axis=0)), dim=1)
    looks = guess_looks(Things(WordNet(wordnet), table), classes)
    texts = _choose_anchor_texts(table, learned.captions, seed)
    tower = fit_tower(table, texts, learned, classes, looks, sha256, seed, on_step)
    encoder_map = _fit_encoder(encoder, kinds, texts, learned, classes, tower, seed, on_step)
    tower = replace(tower, encoder_map=encoder_map)
    return MadeTower(word_tower_to_bytes(tower), measure_recalls(tower, pictures.select(held_out=True)))


def read_captioned(library: Library) -> CaptionedPictures:
    """The captioned pictures of a library, by rising image id."""
    space = next(space for space in library.spaces if space.descriptor == "subject")
    with library.catalog.reading() as reader:
        ids, features = reader.load_features(space)
        images = reader.load_images(ids.tolist())
    captions = [list(images[image_id].field_values("caption")) for image_id in ids.tolist()]
    kept = [place for place, own in enumerate(captions) if own]
    if len(kept) < FEWEST:
        raise InvalidSetting(f"{library.path}: {len(kept)} captioned pictures; {FEWEST} are needed")
    subjects = torch.from_numpy(features[kept].astype(np.float32))
    rows = [row for row, place in enumerate(kept) for _ in captions[place]]
    texts = [caption for place in kept for caption in captions[place]]
    return CaptionedPictures(texts, rows, normalize(subjects - subjects.mean(dim=0), dim=1))


def measure_recalls(tower: word_tower.WordTower, pictures: CaptionedPictures) -> tuple[float, float, float]:
    """The share of captions whose picture is the first, or among the first 5 or 10, of the pictures."""
    present = sorted(set(pictures.rows))
    own = torch.tensor([present.index(row) for row in pictures.rows])
    nothing = np.zeros(pictures.subjects.shape[1], np.float32)
    vectors = [tower.encode_text(caption) for caption in pictures.captions]
    rows = np.array([nothing if vector is None else vector for vector in vectors])
    scores = torch.from_numpy(rows) @ pictures.subjects[present].T
    better = (scores > scores.gather(1, own[:, None])).sum(dim=1)
    first, five, ten = (float((better < count).float().mean()) for count in (1, 5, 10))
    return first, five, ten


def _encode_kinds(
    encoder: SentenceEncoder,
    vocabulary: Vocabulary,
    captions: list[str],
    varied: list[str],
    on_step: OnStep,
) -> dict[str, EncodedTexts]:
    """The vectors of all texts as the encoder gives them, by kind."""
    names = list_classes(CLASSES)
    texts = {
        "words": list(vocabulary.words.values()),
        "phrases": list(vocabulary.phrases.values()),
        "names": [name for own in names for name in own],
        "photos": [f"a photo of a {own[0]}" for own in names],
        "synonyms": [", ".join(own) for own in names],
        "definitions": list_definitions(CLASSES),
        "captions": captions,
        "varied": varied,
    }
    return {
        kind: EncodedTexts(own, _encode_texts(encoder, own, kind, on_step)) for kind, own in texts.items()
    }


def _centre_kinds(kinds: Mapping[str, EncodedTexts]) -> dict[str, EncodedTexts]:
    """The same in the main directions, at length 1.

    From each the mean of its kind is subtracted, since single words, names and sentences lie in different
    regions of an encoder's space. Phrases count as words, and varied captions as captions.
    """
    means = {kind: own.vectors.mean(dim=0) for kind, own in kinds.items()}
    means |= {"phrases": means["words"], "varied": means["captions"]}
    centred = {kind: normalize(own.vectors - means[kind], dim=1) for kind, own in kinds.items()}
    together = torch.cat([centred["words"][::3], centred["captions"][::5], centred["definitions"]])
    directions = torch.linalg.eigh(together.T @ together)[1][:, -NUMBERS:]
    return {
        kind: EncodedTexts(kinds[kind].texts, normalize(vectors @ directions, dim=1))
        for kind, vectors in centred.items()
    }


def _encode_texts(encoder: SentenceEncoder, texts: Sequence[str], kind: str, on_step: OnStep) -> Tensor:
    blocks: list[Tensor] = []
    for start in range(0, len(texts), BLOCK):
        blocks.append(torch.from_numpy(encoder.encode_texts(texts[start : start + BLOCK])))
        on_step("encoding", min(start + BLOCK, len(texts)), len(texts), kind)
    return torch.cat(blocks)


def _make_table(vocabulary: Vocabulary, kinds: Mapping[str, EncodedTexts]) -> word_tower.WordTable:
    """Words, and the phrases that their words describe worst; fitted to all texts but single words."""
    rows = {key: row for row, key in enumerate(vocabulary.words)}
    phrases = _choose_phrases(vocabulary, rows, kinds)
    alone = list_bags(kinds["phrases"].texts, rows)
    start = torch.cat([kinds["words"].vectors, kinds["phrases"].vectors[list(phrases.values())]])
    rows |= {key: len(rows) + place for place, key in enumerate(phrases)}
    bags = alone + [bag for kind in FITTED for bag in list_bags(kinds[kind].texts, rows)]
    targets = torch.cat([kinds[kind].vectors for kind in ("phrases", *FITTED)])
    known = [place for place, bag in enumerate(bags) if bag]
    fitted = fit_table(start, [bags[place] for place in known], targets[known])
    numbers, scales = round_rows(fitted.numpy())
    is_piece = np.array([key in vocabulary.trusted and len(key) >= word_tower.LEAST_PIECE for key in rows])
    return word_tower.WordTable.without_looks(rows, numbers, scales, is_piece)


def _choose_phrases(
    vocabulary: Vocabulary, rows: Mapping[str, int], kinds: Mapping[str, EncodedTexts]
) -> dict[str, int]:
    """The keys of the phrases that the mean of their words resembles least, with their places."""
    keys = list(vocabulary.phrases)
    bags = list_bags(kinds["phrases"].texts, rows)
    means = normalize(average_bags(bags, len(rows)) @ kinds["words"].vectors, dim=1)
    alike = (means * kinds["phrases"].vectors).sum(dim=1).tolist()
    whole = [place for place, key in enumerate(keys) if all(token in rows for token in key.split())]
    chosen = sorted(whole, key=lambda place: (alike[place], place))[:MOST_PHRASES]
    return {keys[place]: place for place in chosen}


def _choose_anchor_texts(table: word_tower.WordTable, captions: Sequence[str], seed: int) -> list[str]:
    """The texts that all others are compared with, all of which the table knows."""
    usual = [own[0] for own in list_classes(CLASSES)]
    names, known = ([text for text in texts if table.find_rows(text.split())] for texts in (usual, captions))
    return choose_anchors(names, known, seed)


def fit_tower(
    table: word_tower.WordTable,
    anchor_texts: Sequence[str],
    pictures: CaptionedPictures,
    classes: Tensor,
    looks: Looks,
    sha256: str,
    seed: int,
    on_step: OnStep,
) -> word_tower.WordTower:
    """The tower with this table, whose rows move to where captions find their pictures best.

    `classes`: what each class looks like, (class, dimension), at length 1.
    """
    vectors, rows = _look_up(table, pictures.captions, pictures.rows)
    anchors = _look_up(table, anchor_texts, range(len(anchor_texts)))[0]
    start = _start_captions(table, anchors, Pairs(vectors, rows, pictures.subjects))
    refined = _refine_captions(start, table, pictures, seed, on_step)
    numbers, scales = round_rows(refined.rows.detach().numpy())
    axes = choose_axes(classes, pictures.subjects, NAME_AXES)
    table = _add_looks(replace(table, numbers=numbers, scales=scales), looks, axes.inverse)
    coefficients = regress(anchors, _pair_names(table, classes), NAME_RIDGE) @ axes.inverse
    fitted = _weigh_maps(table, anchors, (coefficients, axes.axes), refined, pictures)
    return word_tower.WordTower(table, fitted, sha256, "")


def _start_captions(table: word_tower.WordTable, anchors: Tensor, captions: Pairs) -> CaptionMap:
    """The regression of captions along few axes; what captions have in common is the centre."""
    directions = regress_captions(anchors, captions)
    sample = measure_nearness(captions.texts[::SAMPLE_STEP], anchors)
    axes = choose_axes(sample @ directions, captions.directions, CAPTION_AXES)
    coefficients = directions @ axes.inverse
    rows = torch.from_numpy(table.numbers * table.scales[:, None])
    return CaptionMap(rows, anchors, coefficients, (sample @ coefficients).mean(dim=0), axes.axes)


def _refine_captions(
    start: CaptionMap, table: word_tower.WordTable, pictures: CaptionedPictures, seed: int, on_step: OnStep
) -> CaptionMap:
    bags = [table.find_rows(caption.split()) for caption in pictures.captions]
    known = [place for place, bag in enumerate(bags) if bag]
    owners = torch.tensor([pictures.rows[place] for place in known])

    def report(step: int, loss: float) -> None:
        on_step("fitting", step, STEPS, f"{loss:.3f}")

    fit_by_contrast(
        start, Captions([bags[place] for place in known], owners), pictures.subjects, seed, report
    )
    return start


def _add_looks(table: word_tower.WordTable, looks: Looks, inverse: Tensor) -> word_tower.WordTable:
    """The table with the looks that are guessed most surely, as coefficients of names."""
    lengths = looks.directions.norm(dim=1)
    chosen = lengths.argsort(descending=True, stable=True)[:MOST_LOOKS].sort().values
    numbers, scales = round_rows((looks.directions[chosen] @ inverse).numpy())
    look_of = np.full(len(table.rows), -1)
    look_of[looks.rows[chosen].numpy()] = np.arange(len(chosen))
    return replace(table, looks=numbers, look_scales=scales, look_of=look_of)


def _pair_names(table: word_tower.WordTable, classes: Tensor) -> Pairs:
    """Names and definitions of the classes, with what they look like."""
    names = list_classes(CLASSES)
    kinds = [[own[0] for own in names], [", ".join(own) for own in names], list_definitions(CLASSES)]
    texts = [text for kind in kinds for text in kind] + [name for own in names for name in own]
    rows = [*range(len(names))] * len(kinds) + [row for row, own in enumerate(names) for _ in own]
    return Pairs(*_look_up(table, texts, rows), classes)


def _weigh_maps(
    table: word_tower.WordTable,
    anchors: Tensor,
    names: tuple[Tensor, Tensor],
    captions: CaptionMap,
    pictures: CaptionedPictures,
) -> word_tower.SubjectMap:
    """Both maps together; `names`: coefficients and axes. Some captions tell centre and shares."""
    found = (table.find_rows(caption.split()) for caption in pictures.captions[::SAMPLE_STEP])
    bags = [rows for rows in found if rows]
    nearness = measure_nearness(
        torch.from_numpy(np.array([table.mean_vector(rows) for rows in bags])), anchors
    )
    looks = torch.from_numpy(np.array([table.mean_look(rows) for rows in bags]))
    by_name = KernelFit(names[0], (nearness @ names[0] + looks).mean(dim=0), names[1])
    by_caption = KernelFit(captions.coefficients, captions.centre, captions.axes)
    return make_subject_map(anchors, by_name, by_caption, nearness, pictures.subjects, looks)


def _fit_encoder(
    encoder: SentenceEncoder,
    kinds: Mapping[str, EncodedTexts],
    anchor_texts: Sequence[str],
    pictures: CaptionedPictures,
    classes: Tensor,
    tower: word_tower.WordTower,
    seed: int,
    on_step: OnStep,
) -> word_tower.EncoderMap:
    """The map of the encoder itself, along the axes of the maps of the table."""
    counts = [len(own) for own in list_classes(CLASSES)]
    named = [row for row, count in enumerate(counts) for _ in range(count)]
    names = [kinds[kind] for kind in ("names", "synonyms", "definitions")]
    texts = EncoderTexts(
        EncodedTexts(
            [text for own in names for text in own.texts], torch.cat([own.vectors for own in names])
        ),
        torch.tensor([*named, *range(len(counts)), *range(len(counts))]),
        kinds["captions"],
        torch.tensor(pictures.rows),
        EncodedTexts(anchor_texts, _encode_texts(encoder, anchor_texts, "anchors", on_step)),
    )
    axes = [
        find_inverse(torch.from_numpy(led.axes), pictures.subjects)
        for led in (tower.map.names, tower.map.sentences)
    ]
    whole = [kinds[kind] for kind in ("words", "phrases", "synonyms", "definitions", "captions")]

    probes = torch.from_numpy(encoder.encode_texts(word_tower.PROBES))

    def report(step: int, loss: float) -> None:
        on_step("fitting the encoder", step, STEPS, f"{loss:.3f}")

    return fit_encoder_map(texts, whole, classes, pictures.subjects, (axes[0], axes[1]), probes, seed, report)


def _look_up(table: word_tower.WordTable, texts: Sequence[str], rows: Sequence[int]) -> tuple[Tensor, Tensor]:
    """The vectors of the texts that the table knows, and their rows."""
    found = [table.find_rows(text.split()) for text in texts]
    known = [place for place, own in enumerate(found) if own]
    vectors = np.array([table.mean_vector(found[place]) for place in known])
    return torch.from_numpy(vectors), torch.tensor([rows[place] for place in known])
