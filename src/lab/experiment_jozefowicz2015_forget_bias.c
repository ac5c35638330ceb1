#include "lab/experiment_settings.h"

/* clang-format off */
/* What the biases do to the gradient is seen over more steps than a question of arithmetic has. */
#define FRESH(bias) "label=fresh, bias " bias ";task=temporal-order:length=60;cell=lstm;init=xavier;steps=1;forget-bias=" bias
#define ARITHMETIC(about, digits, distractors, updates, count, ...)                                \
    {.time = about,                                                                                \
     .here = "numbers of up to " digits " digits instead of 8, up to " distractors " letters between characters, one " \
             "layer of 128 units, batches of 64, Adam, " updates " updates",                       \
     .common = "task=arithmetic:digits=" digits ",distractors=" distractors                        \
               ";layers=1;hidden=128;batch=64;clip-norm=1;lr=0.005;steps=" updates,                \
     .seeds = count, __VA_ARGS__}
#define ACCURACY(what, reported, variant, bounds)                                                  \
    {what ", accuracy", reported, EXPERIMENT_ACCURACY, variant, NULL, bounds, 0}
#define LESS(what, variant, minus, at_least)                                                       \
    {"accuracy, " what, "", EXPERIMENT_ACCURACY, variant, minus, AT_LEAST(at_least), 0}
#define NETS                                                                                       \
    "label=tanh;" TANH_ONLY, "label=GRU;cell=gru", "label=LSTM, bias 1;cell=lstm;forget-bias=1"
#define TANH_ONLY "cell=rnn;init=xavier;lr=0.001"
#define FRESH_CHECKS                                                                               \
    {"fresh, bias 1 over 0 at distance 50, decades", "", EXPERIMENT_DECADES, "fresh, bias 1",      \
     "fresh, bias 0", AT_LEAST(2.5), 50},                                                          \
    {"fresh, bias 2 over 1 at distance 50, decades", "", EXPERIMENT_DECADES, "fresh, bias 2",      \
     "fresh, bias 1", AT_LEAST(0.2), 50}

const experiment experiment_jozefowicz2015_forget_bias = {
    .name = "jozefowicz2015-forget-bias",
    .paper = "Jozefowicz, Zaremba and Sutskever (2015), An empirical exploration of recurrent network "
             "architectures",
    .claim = "Gated networks learn arithmetic that a plain one does not; a forget gate that starts open keeps the "
             "LSTM's gradient alive, and so it learns more.",
    .published = "arithmetic, accuracy: tanh 0.295, LSTM 0.892, with a forget bias of 1 0.902, without a "
                 "forget gate 0.293, GRU 0.896",
    .note = "A guess that sees the character before, and remembers nothing, is right in 0.4 of the cases.",
    .full = ARITHMETIC("12 minutes", "3", "2", "5000", 5,
                       .variant = {NETS, "label=LSTM, bias 0;cell=lstm;forget-bias=0", FRESH("0"), FRESH("1"),
                                   FRESH("2")},
                       .check = {ACCURACY("tanh", "0.295", "tanh", BETWEEN(0.3, 0.6)),
                                 ACCURACY("GRU", "0.896", "GRU", BETWEEN(0.65, 1)),
                                 ACCURACY("LSTM, forget bias 1", "0.902", "LSTM, bias 1", BETWEEN(0.65, 1)),
                                 ACCURACY("LSTM, forget bias 0", "0.892", "LSTM, bias 0", BETWEEN(0.6, 1)),
                                 LESS("LSTM less tanh", "LSTM, bias 1", "tanh", 0.1),
                                 LESS("LSTM, bias 1 less bias 0", "LSTM, bias 1", "LSTM, bias 0", 0),
                                 FRESH_CHECKS}),
    .quick = ARITHMETIC("2 minutes", "2", "1", "2000", 4,
                        .part = "That gated networks are ahead of a plain one, not that the bias decides, and the "
                                "gradient of fresh networks.",
                        .variant = {NETS, FRESH("0"), FRESH("1"), FRESH("2")},
                        .check = {ACCURACY("tanh", "0.295", "tanh", BETWEEN(0.4, 0.65)),
                                  ACCURACY("GRU", "0.896", "GRU", BETWEEN(0.65, 1)),
                                  ACCURACY("LSTM, forget bias 1", "0.902", "LSTM, bias 1", BETWEEN(0.65, 1)),
                                  LESS("GRU less tanh", "GRU", "tanh", 0.08),
                                  LESS("LSTM less tanh", "LSTM, bias 1", "tanh", 0.08), FRESH_CHECKS}),
};
/* clang-format on */
