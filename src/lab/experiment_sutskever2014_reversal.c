#include "lab/experiment_settings.h"

/* clang-format off */
#define HERE "toy pairs, one layer of 128 units, 4,000 updates"

#define GAIN(cell, words, of, reported, quantity, at_least, length)                                \
    {cell ", " words " words, " of ", reversed less not", reported, quantity, cell ", reversed", cell, \
     AT_LEAST(at_least), length}

const experiment experiment_sutskever2014_reversal = {
    .name = "sutskever2014-reversal",
    .paper = "Sutskever, Vinyals and Le (2014), Sequence to sequence learning with neural networks",
    .claim = "Reading the source from its end brings its first words near the first words of the translation, "
             "and an encoder-decoder learns long sentences better.",
    .published = "test perplexity 5.8 to 4.7, BLEU 25.9 to 30.6, by reversing the source alone",
    .note = "Toy pairs, as in cho2014-length.",
    .full = {.time = "15 minutes", .here = HERE,
             .common = TRANSLATE "steps=4000",
             .variant = {"label=tanh;" RNN, "label=tanh, reversed;reverse-source;" RNN,
                         "label=LSTM;cell=lstm", "label=LSTM, reversed;cell=lstm;reverse-source"},
             .seeds = 4,
             .check = {{"LSTM, 7-12 words, exact", "", EXPERIMENT_EXACT, "LSTM", NULL, AT_LEAST(0.9), 10},
                       GAIN("tanh", "7-12", "exact", "", EXPERIMENT_EXACT, 0.3, 10),
                       GAIN("tanh", "7-12", "BLEU", "4.7", EXPERIMENT_BLEU, 20, 10),
                       GAIN("LSTM", "19-24", "exact", "", EXPERIMENT_EXACT, 0.05, 20),
                       GAIN("LSTM", "19-24", "BLEU", "4.7", EXPERIMENT_BLEU, 1, 20)}},
    .quick = {.time = "3 minutes",
              .part = "The gain of a plain network; of sentences of 7 to 12 words only their BLEU.",
              .here = HERE,
              .common = TRANSLATE "steps=4000",
              .variant = {"label=tanh;" RNN, "label=tanh, reversed;reverse-source;" RNN},
              .seeds = 4,
              .check = {{"tanh, reversed, 1-6 words, exact", "", EXPERIMENT_EXACT, "tanh, reversed", NULL,
                         AT_LEAST(0.6), 5},
                        GAIN("tanh", "1-6", "exact", "", EXPERIMENT_EXACT, 0.3, 5),
                        GAIN("tanh", "7-12", "BLEU", "4.7", EXPERIMENT_BLEU, 20, 10)}},
};
/* clang-format on */
