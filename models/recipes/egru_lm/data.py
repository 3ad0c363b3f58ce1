"""Text to word numbers. A text is split at white space, and every line ends with `<eos>`."""

import collections
import gzip
from pathlib import Path

UNKNOWN, END = "<unk>", "<eos>"


def read_words(path):
    """All words of a text file (plain or .gz), one `<eos>` a line, blank lines included."""
    path = Path(path)
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        return [word for line in lines for word in (*line.split(), END)]


def build_vocabulary(words, size=0):
    """The `size` most frequent words (0: all), most frequent first, ties in order of spelling.

    Other words count as `<unk>`, so `<unk>` comes near the top of a small vocabulary.
    Returns the list of words and the list of their counts.
    """

    def by_count(item):
        return -item[1], item[0]

    counts = collections.Counter(words)
    for special in (UNKNOWN, END):
        counts[special] += 0
    if size:
        ranked = [w for w, _ in sorted(counts.items(), key=by_count) if w not in (UNKNOWN, END)]
        kept = {UNKNOWN, END, *ranked[: max(0, size - 2)]}
        dropped = sum(n for w, n in counts.items() if w not in kept)
        counts = collections.Counter({w: n for w, n in counts.items() if w in kept})
        counts[UNKNOWN] += dropped
    ranked = sorted(counts.items(), key=by_count)
    return [w for w, _ in ranked], [n for _, n in ranked]


def encode(words, vocabulary):
    """Word numbers; a word that is not in the vocabulary becomes `<unk>`."""
    number = {word: i for i, word in enumerate(vocabulary)}
    unknown = number[UNKNOWN]
    return [number.get(word, unknown) for word in words]


def read_vocabulary(path):
    """vocab.txt: one word a line, the line number (from 0) is the word's number."""
    return Path(path).read_text(encoding="utf-8").split("\n")[:-1]


def write_vocabulary(path, vocabulary):
    """Writes vocab.txt."""
    Path(path).write_text("".join(f"{word}\n" for word in vocabulary), encoding="utf-8")
