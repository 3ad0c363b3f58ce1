"""Perplexity of an n-gram model on the same text and vocabulary: what counting alone reaches.

Interpolated Kneser-Ney smoothing, one discount an order, D = n1 / (n1 + 2 n2) (Ney, Essen and Kneser, 1994; Chen and
Goodman, 1999), read as one long text. No tuning, so validation and test text are both evidence.

    python ngram.py --train train.txt --test test.txt --vocabulary vocab.txt
"""

import argparse
import math
import sys
from collections import Counter, defaultdict
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "egru_lm"))

from data import encode, read_vocabulary, read_words  # noqa: E402


class Order:
    """Counts of n-grams of one order: of the n-gram, of what follows its context, and how many kinds follow."""

    def __init__(self, counts):
        self.counts = counts
        self.followed, self.kinds = defaultdict(int), defaultdict(int)
        for gram, count in counts.items():
            self.followed[gram[:-1]] += count
            self.kinds[gram[:-1]] += 1
        ones, twos = (sum(count == n for count in counts.values()) for n in (1, 2))
        self.discount = ones / max(1, ones + 2 * twos)

    def probability(self, context, word, lower):
        """Discounted, the rest given to the lower order's probability."""
        total = self.followed.get(context, 0)
        if not total:
            return lower
        kept = max(self.counts.get((*context, word), 0) - self.discount, 0.0)
        return (kept + self.discount * self.kinds[context] * lower) / total


def orders(words, n):
    """The orders 1..n: the highest with how often a gram occurs, the lower with how many words it follows."""
    highest = Counter(zip(*(words[k:] for k in range(n))))
    found = [highest]
    for _ in range(n - 1):
        found.append(Counter(gram[1:] for gram in found[-1]))
    return [Order(counts) for counts in reversed(found)]


def perplexity(model, words, size):
    """exp of the mean surprisal of all words but the first."""
    nats = 0.0
    for at in range(1, len(words)):
        p = 1.0 / size
        for n, order in enumerate(model):
            if n <= at:
                p = order.probability(tuple(words[at - n : at]), words[at], p)
        nats -= math.log(p)
    return math.exp(nats / (len(words) - 1))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--train", required=True)
    p.add_argument("--test", required=True, nargs="+")
    p.add_argument("--vocabulary", required=True)
    p.add_argument("--orders", type=int, nargs="+", default=[1, 2, 3, 5])
    args = p.parse_args()
    vocabulary = read_vocabulary(args.vocabulary)
    words = encode(read_words(args.train), vocabulary)
    for n in args.orders:
        model = orders(words, n)
        for text in args.test:
            test = encode(read_words(text), vocabulary)
            print(f"{n}-gram, {Path(text).name}: perplexity {perplexity(model, test, len(vocabulary)):.2f} of {len(test) - 1} predictions", flush=True)


if __name__ == "__main__":
    main()
