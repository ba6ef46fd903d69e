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
from .looks import Looks, Things, guess_looks
from .subject_map import (
    CAPTION_AXES,
    NAME_AXES,
    NAME_RIDGE,
    Pairs,
    choose_anchors,
    choose_axes,
    measure_nearness,
    regress,
    regress_captions,
    weigh_captions,
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
SAMPLE_STEP = 7  # every seventh caption tells what texts have in common

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


@dataclass(frozen=True, slots=True, eq=False)
class _Texts:
    """Texts of one kind, with the vectors that the table shall give them, (text, number)."""

    texts: list[str]
    vectors: Tensor


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
    table = _make_table(vocabulary, kinds)
    classes = torch.from_numpy(weight - weight.mean(axis=0))
    looks = guess_looks(Things(WordNet(wordnet), table), normalize(classes, dim=1))
    tower = fit_tower(table, learned, normalize(classes, dim=1), looks, sha256, seed, on_step)
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
) -> dict[str, _Texts]:
    """The vectors of all texts, in the main directions, at length 1.

    From each the mean of its kind is subtracted, since single words, names and sentences lie in different
    regions of an encoder's space. Phrases count as words, and varied captions as captions.
    """
    names, definitions = list_classes(CLASSES), list_definitions(CLASSES)
    texts = {
        "words": list(vocabulary.words.values()),
        "phrases": list(vocabulary.phrases.values()),
        "photos": [f"a photo of a {own[0]}" for own in names],
        "synonyms": [", ".join(own) for own in names],
        "definitions": definitions,
        "captions": captions,
        "varied": varied,
    }
    found = {kind: _encode_texts(encoder, own, kind, on_step) for kind, own in texts.items()}
    means = {kind: vectors.mean(dim=0) for kind, vectors in found.items()}
    means |= {"phrases": means["words"], "varied": means["captions"]}
    centred = {kind: normalize(vectors - means[kind], dim=1) for kind, vectors in found.items()}
    together = torch.cat([centred["words"][::3], centred["captions"][::5], centred["definitions"]])
    directions = torch.linalg.eigh(together.T @ together)[1][:, -NUMBERS:]
    return {
        kind: _Texts(texts[kind], normalize(vectors @ directions, dim=1)) for kind, vectors in centred.items()
    }


def _encode_texts(encoder: SentenceEncoder, texts: Sequence[str], kind: str, on_step: OnStep) -> Tensor:
    blocks: list[Tensor] = []
    for start in range(0, len(texts), BLOCK):
        blocks.append(torch.from_numpy(encoder.encode_texts(texts[start : start + BLOCK])))
        on_step("encoding", min(start + BLOCK, len(texts)), len(texts), kind)
    return torch.cat(blocks)


def _make_table(vocabulary: Vocabulary, kinds: Mapping[str, _Texts]) -> word_tower.WordTable:
    """Words, and the phrases that their words describe worst; fitted to all texts but single words."""
    rows = {key: row for row, key in enumerate(vocabulary.words)}
    phrases = _choose_phrases(vocabulary, rows, kinds)
    alone = list_bags(kinds["phrases"].texts, rows)
    start = torch.cat([kinds["words"].vectors, kinds["phrases"].vectors[list(phrases.values())]])
    rows |= {key: len(rows) + place for place, key in enumerate(phrases)}
    whole = [kind for kind in kinds if kind not in ("words", "phrases")]
    bags = alone + [bag for kind in whole for bag in list_bags(kinds[kind].texts, rows)]
    targets = torch.cat([kinds[kind].vectors for kind in ("phrases", *whole)])
    known = [place for place, bag in enumerate(bags) if bag]
    fitted = fit_table(start, [bags[place] for place in known], targets[known])
    numbers, scales = round_rows(fitted.numpy())
    is_piece = np.array([key in vocabulary.trusted and len(key) >= word_tower.LEAST_PIECE for key in rows])
    return word_tower.WordTable.without_looks(rows, numbers, scales, is_piece)


def _choose_phrases(
    vocabulary: Vocabulary, rows: Mapping[str, int], kinds: Mapping[str, _Texts]
) -> dict[str, int]:
    """The keys of the phrases that the mean of their words resembles least, with their places."""
    keys = list(vocabulary.phrases)
    bags = list_bags(kinds["phrases"].texts, rows)
    means = normalize(average_bags(bags, len(rows)) @ kinds["words"].vectors, dim=1)
    alike = (means * kinds["phrases"].vectors).sum(dim=1).tolist()
    whole = [place for place, key in enumerate(keys) if all(token in rows for token in key.split())]
    chosen = sorted(whole, key=lambda place: (alike[place], place))[:MOST_PHRASES]
    return {keys[place]: place for place in chosen}


def fit_tower(
    table: word_tower.WordTable,
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
    usual = [own[0] for own in list_classes(CLASSES)]
    vectors, rows = _look_up(table, pictures.captions, pictures.rows)
    anchors = choose_anchors(_look_up(table, usual, range(len(usual)))[0], vectors, seed)
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
    named = nearness @ names[0] + torch.from_numpy(np.array([table.mean_look(rows) for rows in bags]))
    by_name = _to_kernel_map(names[0], named.mean(dim=0), names[1])
    by_caption = _to_kernel_map(captions.coefficients, captions.centre, captions.axes)
    led = normalize((named - named.mean(dim=0)) @ names[1], dim=1)
    shown = torch.from_numpy(by_caption.map_nearness(nearness.numpy()))
    shares = weigh_captions(led, shown, pictures.subjects)
    return word_tower.SubjectMap(anchors.numpy(), by_name, by_caption, shares)


def _to_kernel_map(coefficients: Tensor, centre: Tensor, axes: Tensor) -> word_tower.KernelMap:
    return word_tower.KernelMap(*(part.detach().numpy() for part in (coefficients, centre, axes)))


def _look_up(table: word_tower.WordTable, texts: Sequence[str], rows: Sequence[int]) -> tuple[Tensor, Tensor]:
    """The vectors of the texts that the table knows, and their rows."""
    found = [table.find_rows(text.split()) for text in texts]
    known = [place for place, own in enumerate(found) if own]
    vectors = np.array([table.mean_vector(found[place]) for place in known])
    return torch.from_numpy(vectors), torch.tensor([rows[place] for place in known])
