#include "lab/experiment_settings.h"

/* clang-format off */
/* The source's sizes, about 6,500 parameters each, its RMSprop and its batches. */
#define BASELINES(about, updates, delays, count, ...)                                        \
    {.time = about, .here = "gradients clipped to norm 1, " updates " updates",                     \
     .common = "task=copy:length=10,symbols=8;layers=1;batch=20;clip-norm=1;init=xavier;"          \
               "optimizer=rmsprop;rho=0.9;lr=0.001;steps=" updates,                                \
     .variant = {"label=tanh;cell=rnn;hidden=80", "label=LSTM;cell=lstm;hidden=40;forget-bias=1"}, \
     .sweep = "delay=" delays, .seeds = count, __VA_ARGS__}

/* A network that has learned nothing has some twenty times the loss of the guess, which knows where the blanks are: so
 * to be near it from either side takes training. */
#define NEAR(delay)                                                                                \
    {"tanh, delay " delay ", loss over that of guessing", "about 1", EXPERIMENT_BASELINE,          \
     "tanh, delay=" delay, NULL, BETWEEN(0.9, 1.15), 0},                                           \
    {"LSTM, delay " delay ", loss over that of guessing", "about 1", EXPERIMENT_BASELINE,          \
     "LSTM, delay=" delay, NULL, BETWEEN(0.9, 1.15), 0}
#define FAR                                                                                        \
    {"tanh, delay 5, loss over that of guessing", "", EXPERIMENT_BASELINE, "tanh, delay=5", NULL,  \
     AT_MOST(0.9), 0},                                                                             \
    {"LSTM, delay 5, loss over that of guessing", "", EXPERIMENT_BASELINE, "LSTM, delay=5", NULL,  \
     AT_MOST(0.95), 0}

const experiment experiment_arjovsky2016_copy = {
    .name = "arjovsky2016-copy",
    .paper = "Arjovsky, Shah and Bengio (2016), Unitary evolution recurrent neural networks",
    .claim = "Over 100 steps and more neither a plain network nor an LSTM with the usual start gets far below "
             "the loss of a guess that remembers nothing, as both do over a few steps.",
    .published = "copying 10 symbols: RNN and LSTM stay near the baseline from a delay of 100 on",
    .full = BASELINES("12 minutes", "4000", "5,200,500", 5,
                      .check = {FAR, NEAR("200"), NEAR("500")}),
    .quick = BASELINES("3 minutes", "1500", "5,100", 6,
                       .part = "The losses after 1,500 updates, at a delay of 100.",
                       .check = {FAR, NEAR("100")}),
};
/* clang-format on */
