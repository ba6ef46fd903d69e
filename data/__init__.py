"""Data that comes with the program: the sample, the bundled models, categories, languages, grammars."""

from pathlib import Path

SAMPLE = Path(__file__).parent / "sample"

# Named after the timm model that the weights belong to; backbones/README.md is their card.
BACKBONE = Path(__file__).parent / "backbones" / "mobilenetv2_100.pictor.safetensors"
# The axes of the windows of that backbone; backbones/README.md says how they were learned.
WINDOW_AXES = Path(__file__).parent / "backbones" / "mobilenetv2_100.pictor.axes.npy"
CATEGORIES = Path(__file__).parent / "categories"  # tables of what the classes of classifiers are kinds of

# The word tower of that backbone; word_towers/README.md is its card.
WORD_TOWER = Path(__file__).parent / "word_towers" / "mobilenetv2_100.pictor.npz"

# The vocabulary of visual words; visual_words/README.md is its card.
VISUAL_WORDS = Path(__file__).parent / "visual_words" / "details.npz"

# One folder for each of LANGUAGE_CODES, with the words of a language; languages/README.md describes them.
LANGUAGES = Path(__file__).parent / "languages"
LANGUAGE_CODES = ("de", "es", "fr", "vi", "zh")

# How plain sentences are read: a grammar for each of SENTENCE_CODES; sentences/README.md describes them.
SENTENCES = Path(__file__).parent / "sentences"
SENTENCE_CODES = ("en", "de")
