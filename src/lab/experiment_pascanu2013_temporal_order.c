#include "lab/experiment_settings.h"

/* clang-format off */
/* The source's starts. "Small" is N(0, 0.01) throughout: a standard deviation of 0.1, with 64 units 0.8/sqrt(64). */
#define SMALL "cell=rnn;init=normal;init-scale=0.8;lr=0.001"
#define SMART "cell=rnn;init=sparse;lr=0.0003"
/* Gradients that explode: a recurrent matrix of spectral radius above 1.5, plain descent. */
#define LARGE "cell=rnn;init=xavier;init-scale=1.75;optimizer=sgd;lr=1;steps=300"
#define EXPLODES                                                                                   \
    {"explodes, clipped, length 20, share that diverged", "clipping helps", EXPERIMENT_DIVERGED,   \
     "tanh, large, SGD, length=20", NULL, NOT_SOLVED, 0},                                          \
    {"share that diverged, not clipped less clipped", "above 0", EXPERIMENT_DIVERGED,              \
     "tanh, large, SGD, not clipped, length=20", "tanh, large, SGD, length=20", AT_LEAST(0.1), 0}
#define SHARE(what, reported, variant, bounds)                                                     \
    {what ", share solved", reported, EXPERIMENT_SOLVED, variant, NULL, bounds, 0}
/* That a network fails is a loss near that of guessing, from both sides. */
#define GUESSES(what, reported, variant)                                                           \
    {what ", loss over that of guessing", reported, EXPERIMENT_BASELINE, variant, NULL,            \
     BETWEEN(0.8, 1.1), 0}
#define HERE "64 units, batches of 32, Adam, fixed lengths up to 100, some thousand updates instead of millions"

const experiment experiment_pascanu2013_temporal_order = {
    .name = "pascanu2013-temporal-order",
    .paper = "Pascanu, Mikolov and Bengio (2013), On the difficulty of training recurrent neural networks",
    .claim = "How far apart two symbols may stand to be told in order depends on how a network starts; "
             "clipping helps where gradients explode, and does not cure vanishing ones.",
    .published = "plain gradient descent fails beyond about 20 steps; clipping helps where gradients "
                 "explode; with clipping and the regulariser 100% success up to 200",
    .note = "Small start: N(0, 0.01), the source's basic tanh and its sigmoid. Smart start: 15 recurrent weights a unit, spectral radius 0.95; from "
            "it the regulariser Omega (--omega) solves length 50 sooner, and begins to learn length 100. "
            "Large start: Xavier x 1.75 with plain gradient descent, so that gradients explode; a run that ends "
            "above 2.5 times the loss of guessing has diverged.",
    .full = {.time = "35 minutes", .here = HERE,
             .common = "task=temporal-order;" OURS "steps=4000",
             .variant = {TANH, "label=sigmoid, small;activation=sigmoid;" SMALL,
                         "label=tanh, not clipped;cell=rnn;init=xavier;lr=0.001;clip-norm=0",
                         "label=tanh, orthogonal;cell=rnn;init=orthogonal;lr=0.0003;steps=6000",
                         "label=tanh, smart;" SMART, "label=tanh, smart, Omega;omega=2;" SMART,
                         "label=LSTM chrono;cell=lstm;forget-bias=chrono:100;lr=0.003",
                         "label=tanh, large, SGD;" LARGE,
                         "label=tanh, large, SGD, not clipped;clip-norm=0;" LARGE},
             .sweep = "length=20,50,100", .seeds = 5, .until_solved = true,
             .check = {SHARE("tanh (Xavier), length 20", "solved up to about 20", "tanh, length=20", SOLVED),
                       GUESSES("tanh (Xavier), length 100", "fails", "tanh, length=100"),
                       GUESSES("not clipped, length 100", "fails", "tanh, not clipped, length=100"),
                       GUESSES("sigmoid, small, length 50", "fails", "sigmoid, small, length=50"),
                       SHARE("orthogonal start, length 100", "100% with the regulariser",
                             "tanh, orthogonal, length=100", SOLVED),
                       SHARE("smart start, length 50", "", "tanh, smart, length=50", SOLVED),
                       SHARE("smart start with Omega, length 50", "100% with the regulariser",
                             "tanh, smart, Omega, length=50", SOLVED),
                       {"updates until solved, length 50, with Omega less without", "Omega is better",
                        EXPERIMENT_STEPS, "tanh, smart, Omega, length=50", "tanh, smart, length=50",
                        AT_MOST(-1), 0},
                       {"loss, length 100, with Omega less without", "Omega is better", EXPERIMENT_LOSS,
                        "tanh, smart, Omega, length=100", "tanh, smart, length=100", BETWEEN(-1.5, -0.01), 0},
                       SHARE("LSTM chrono, length 100", "", "LSTM chrono, length=100", SOLVED),
                       EXPLODES}},
    .quick = {.time = "3 minutes", .part = "Lengths 20 and 100; the regulariser is left out.", .here = HERE,
              .common = "task=temporal-order;" OURS "steps=2500",
              .variant = {TANH, "label=sigmoid, small;activation=sigmoid;" SMALL,
                          "label=tanh, smart;" SMART,
                          "label=tanh, large, SGD;" LARGE,
                          "label=tanh, large, SGD, not clipped;clip-norm=0;" LARGE},
              .sweep = "length=20,100", .seeds = 4, .until_solved = true,
              .check = {SHARE("tanh (Xavier), length 20", "solved up to about 20", "tanh, length=20", SOLVED),
                        GUESSES("tanh (Xavier), length 100", "fails", "tanh, length=100"),
                        GUESSES("sigmoid, small, length 20", "fails", "sigmoid, small, length=20"),
                        SHARE("smart start, length 20", "", "tanh, smart, length=20", SOLVED),
                        EXPLODES}},
};
/* clang-format on */
