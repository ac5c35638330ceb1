#!/usr/bin/env python3
"""Write scores.txt: BLEU and chrF2 as sacrebleu gives them, for tests/check_scores.c.

    python3 -m venv /tmp/scores && /tmp/scores/bin/pip install sacrebleu==2.6.0
    /tmp/scores/bin/python tests/golden/make_scores_golden.py [--cases N] [--seed N] [--out FILE]

A case is a corpus: a line "BLEU CHRF N", then N times a line with a translation and one with its
reference. In those \\\\, \\n and \\r stand for backslash, newline and carriage return. The first line
names sacrebleu's version and signatures.
"""
import argparse
import pathlib
import random

import sacrebleu
from sacrebleu.metrics import BLEU, CHRF

ODD = [
    "", " ", "  ", "\t", "\u00a0", "\u3000", "\n", "a-\nb", "a-\n", "\r\n", "\x1c\x1f", "\u200b", ".",
    ",", "..", "...", ".,.", ",.", "1.", ".1", "1.2", "1,000.50", "1.,2", "a.b", "a..b", "a.1", "1.a",
    "1-2", "1--2", "a-b", "-1", "2010-2011.", "5-", "&quot;hi&quot;", "&amp;lt;", "&amp;quot;",
    "&lt;b&gt;", "&amp;amp;", "&lt", "&", "<skipped>", "<skip<skipped>ped>", "x<skipped>y", "don't",
    "'", "''a''", "``a''", "[a]{b}(c)", "a/b\\c|d~e", "#$%^*+=:;<>?@!", "\"", "_a_", "e.g.", "U.S.A.",
    "$3.50", "3,50 €", "½", "٣.٤", "１．２", "grüßt", "Straße,", "naïve.", "日本語", "日本語。", "💡.",
    "👩‍👩‍👧", "e\u0301", "ﬁ", "«ja»", "„ja“,", "–", "—", "…", "a\u2028b", "a\u0085b", "\ufeff", "’s",
]
WORDS = ("the a red old doctor dog knows greets woman man because while der die das rote alte Hund Arzt "
         "kennt weil grüßt den , . ! 12 3.5 1,000 don't U.S. x-y").split(" ")


def sentence(rng, most):
    words = [rng.choice(ODD) if rng.random() < 0.06 else rng.choice(WORDS)
             for _ in range(rng.randint(0, most))]
    return "".join(w + (" " if rng.random() < 0.92 else "") for w in words)


def changed(rng, text):
    """A translation that has something in common with its reference."""
    words = text.split(" ")
    for _ in range(rng.randint(0, 4)):
        i = rng.randrange(len(words) + 1)
        what = rng.random()
        if what < 0.3:
            words[i:i + 1] = []
        elif what < 0.6:
            words.insert(i, rng.choice(WORDS + ODD if rng.random() < 0.3 else WORDS))
        elif what < 0.8 and i < len(words):
            words[i] = rng.choice(WORDS)
        else:
            words[i:i + 2] = words[i:i + 2][::-1]
    return " ".join(words)


def soup(rng):
    """Characters that the tokeniser's rules meet, in any order."""
    return "".join(rng.choice(".,-'1 0aé&;!\n\u00a0") for _ in range(rng.randint(0, 12)))


def pair(rng):
    kind = rng.random()
    if kind < 0.15:
        a, b = rng.choice(ODD), rng.choice(ODD)
        return (a, a) if rng.random() < 0.5 else (a, b)
    if kind < 0.3:
        reference = soup(rng) + " " + soup(rng)
        return (reference if rng.random() < 0.3 else soup(rng) + " " + soup(rng)), reference
    reference = sentence(rng, 12)
    if kind < 0.4:
        return sentence(rng, 12), reference
    return changed(rng, reference), reference


def escape(text):
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=1200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parent / "scores.txt")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    bleu, chrf = BLEU(), CHRF()
    lines = []
    for i in range(options.cases):
        if i < len(ODD):
            pairs = [(ODD[i], ODD[i])]
        else:
            pairs = [pair(rng) for _ in range(rng.choice((1, 1, 1, 2, 3)))]
        translations, references = [p[0] for p in pairs], [[p[1] for p in pairs]]
        lines.append(f"{bleu.corpus_score(translations, references).score:.6f} "
                     f"{chrf.corpus_score(translations, references).score:.6f} {len(pairs)}")
        lines += [escape(text) for p in pairs for text in p]
    head = f"sacrebleu {sacrebleu.__version__} {bleu.get_signature()} {chrf.get_signature()}"
    options.out.write_text("\n".join([head] + lines) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
