#include "lab/experiment_settings.h"

/* clang-format off */
const experiment experiment_sutskever2014_reversal = {
    .name = "sutskever2014-reversal",
    .paper = "Sutskever, Vinyals and Le (2014), Sequence to sequence learning with neural networks",
    .claim = "Reading the source from its end brings its first words near the first words of the translation, "
             "and an encoder-decoder learns long sentences better.",
    .published = "test perplexity 5.8 to 4.7, BLEU 25.9 to 30.6, by reversing the source alone",
    .note = "Toy pairs, as in cho2014-length.",
    .full = {.time = "15 minutes",
             .common = TRANSLATE "steps=4000",
             .variant = {"label=tanh;" RNN, "label=tanh, reversed;reverse-source;" RNN,
                         "label=LSTM;cell=lstm", "label=LSTM, reversed;cell=lstm;reverse-source"},
             .seeds = 3,
             .check = {{"tanh, 7-12 words, exact, reversed less not", "", EXPERIMENT_EXACT,
                        "tanh, reversed", "tanh", AT_LEAST, 0.5, 10},
                       {"tanh, 7-12 words, BLEU, reversed less not", "4.7", EXPERIMENT_BLEU,
                        "tanh, reversed", "tanh", AT_LEAST, 20, 10},
                       {"LSTM, 19-24 words, exact, reversed less not", "", EXPERIMENT_EXACT,
                        "LSTM, reversed", "LSTM", AT_LEAST, 0.05, 20},
                       {"LSTM, 19-24 words, BLEU, reversed less not", "4.7", EXPERIMENT_BLEU,
                        "LSTM, reversed", "LSTM", AT_LEAST, 1, 20}}},
    .quick = {.time = "60 s",
              .common = TRANSLATE "steps=4000",
              .variant = {"label=tanh;" RNN, "label=tanh, reversed;reverse-source;" RNN},
              .seeds = 1,
              .check = {{"tanh, 1-6 words, exact, reversed less not", "", EXPERIMENT_EXACT,
                         "tanh, reversed", "tanh", AT_LEAST, 0.4, 5},
                        {"tanh, 7-12 words, BLEU, reversed less not", "4.7", EXPERIMENT_BLEU,
                         "tanh, reversed", "tanh", AT_LEAST, 20, 10}}},
};
/* clang-format on */
