"""Makes a word tower: words are chosen, encoded and fitted to texts, and led to a library's subject space."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from retrieval import InvalidSetting, Library, SentenceEncoder, round_rows, word_tower, word_tower_to_bytes

from .subject_map import Pairs, fit_map
from .vocabulary import CLASSES, Vocabulary, choose_vocabulary, list_classes, list_definitions, vary_captions
from .word_table import average_bags, fit_table, list_bags

NUMBERS = 160  # in a row of the table: main directions of the encoder's vectors
MOST_PHRASES = 7000  # those of which their words say the least
VARIED = 11_000  # captions with other nouns in them, from which the table learns as well
HELD_OUT = 10  # every tenth picture measures what captions find
BLOCK = 512  # texts between two reports
FEWEST = 100  # captioned pictures

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
    fitted = _fit_map(table, learned, normalize(classes, dim=1), seed)
    tower = word_tower.WordTower(table, fitted, sha256, "")
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
    return word_tower.WordTable(rows, numbers, scales, is_piece)


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


def _fit_map(
    table: word_tower.WordTable, pictures: CaptionedPictures, classes: Tensor, seed: int
) -> word_tower.SubjectMap:
    names = list_classes(CLASSES)
    usual = [own[0] for own in names]
    kinds = [usual, [", ".join(own) for own in names], list_definitions(CLASSES)]
    texts = [text for kind in kinds for text in kind] + [name for own in names for name in own]
    rows = [*range(len(names))] * len(kinds) + [row for row, own in enumerate(names) for _ in own]
    return fit_map(
        _look_up(table, usual, range(len(usual)))[0],
        Pairs(*_look_up(table, texts, rows), classes),
        Pairs(*_look_up(table, pictures.captions, pictures.rows), pictures.subjects),
        seed,
    )


def _look_up(table: word_tower.WordTable, texts: Sequence[str], rows: Sequence[int]) -> tuple[Tensor, Tensor]:
    """The vectors of the texts that the table knows, and their rows."""
    found = [table.find_rows(text.split()) for text in texts]
    known = [place for place, own in enumerate(found) if own]
    vectors = np.array([table.mean_vector(found[place]) for place in known])
    return torch.from_numpy(vectors), torch.tensor([rows[place] for place in known])
