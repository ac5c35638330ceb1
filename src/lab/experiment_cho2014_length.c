#include "lab/experiment_settings.h"

/* clang-format off */
#define HERE "toy pairs, one layer, "

const experiment experiment_cho2014_length = {
    .name = "cho2014-length",
    .paper = "Cho, van Merrienboer, Bahdanau and Bengio (2014), On the properties of neural machine "
             "translation: encoder-decoder approaches; Bahdanau, Cho and Bengio (2015) for attention",
    .claim = "An encoder-decoder that keeps a whole sentence in one state translates short sentences well and "
             "long ones badly, a plain network sooner than a gated one; attention keeps the long ones.",
    .published = "BLEU falls steadily with the length of the sentence; with attention it hardly falls up to 50 "
                 "words",
    .note = "Toy pairs: English to German whose subordinate clauses end in their verb, nothing held out was "
            "trained on. The lengths are those of the source in words.",
    .full = {.time = "20 minutes", .here = HERE "128 units, 4,000 updates",
             .common = TRANSLATE "steps=4000",
             .variant = {"label=tanh;" RNN, "label=GRU;cell=gru", "label=LSTM;cell=lstm",
                         "label=tanh, attention;attention=additive;" RNN,
                         "label=GRU, attention;attention=additive;cell=gru",
                         "label=LSTM, attention;attention=additive;cell=lstm"},
             .seeds = 4,
             .check = {{"tanh, 13-18 words, exact", "falls", EXPERIMENT_EXACT, "tanh", NULL, AT_MOST(0.1),
                        15},
                       {"GRU, 1-6 words, exact", "short ones well", EXPERIMENT_EXACT, "GRU", NULL, AT_LEAST(0.95), 5},
                       {"GRU, 19-24 words, exact", "falls", EXPERIMENT_EXACT, "GRU", NULL, AT_MOST(0.2), 20},
                       {"GRU, 19-24 words, BLEU with attention less without", "attention keeps them",
                        EXPERIMENT_BLEU, "GRU, attention", "GRU", AT_LEAST(30), 20},
                       {"LSTM, 13-18 words, exact, less tanh", "", EXPERIMENT_EXACT, "LSTM", "tanh",
                        AT_LEAST(0.5), 15},
                       {"LSTM, attention, 19-24 words, exact", "hardly falls", EXPERIMENT_EXACT,
                        "LSTM, attention", NULL, AT_LEAST(0.95), 20}}},
    .quick = {.time = "5 minutes",
              .part = "That the GRU with attention translates long sentences, and plain and gated networks "
                      "without it do not.",
              .here = HERE "64 units, 1,500 updates",
              .common = TOY "hidden=64;embedding=32;lr=0.004;steps=1500",
              .variant = {"label=tanh;" RNN, "label=GRU;cell=gru",
                          "label=GRU, attention;attention=additive;cell=gru"},
              .seeds = 4,
              .check = {{"GRU, 1-6 words, BLEU", "short ones well", EXPERIMENT_BLEU, "GRU", NULL,
                         AT_LEAST(45), 5},
                        {"GRU, 19-24 words, BLEU", "falls", EXPERIMENT_BLEU, "GRU", NULL, AT_MOST(35), 20},
                        {"1-6 words, BLEU, GRU less tanh", "", EXPERIMENT_BLEU, "GRU", "tanh", AT_LEAST(20),
                         5},
                        {"tanh, 13-18 words, exact", "falls", EXPERIMENT_EXACT, "tanh", NULL, AT_MOST(0.1),
                         15},
                        {"GRU, attention, 19-24 words, exact", "hardly falls", EXPERIMENT_EXACT,
                         "GRU, attention", NULL, AT_LEAST(0.6), 20}}},
};
/* clang-format on */
