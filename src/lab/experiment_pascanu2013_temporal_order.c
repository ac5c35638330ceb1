#include "lab/experiment_settings.h"

/* Gradients that explode: a recurrent matrix of spectral radius above 1.5, plain descent. */
#define LARGE "cell=rnn;init=xavier;init-scale=1.75;optimizer=sgd;lr=1;steps=300"

/* clang-format off */
const experiment experiment_pascanu2013_temporal_order = {
    .name = "pascanu2013-temporal-order",
    .paper = "Pascanu, Mikolov and Bengio (2013), On the difficulty of training recurrent neural networks",
    .claim = "How far apart two symbols may stand to be told in order depends on how a network starts; "
             "clipping helps where gradients explode, and does not cure vanishing ones.",
    .published = "plain gradient descent fails beyond about 20 steps; clipping helps where gradients "
                 "explode; with clipping and the regulariser 100% success up to 200",
    .note = "Small start: N(0, 0.01), the source's basic tanh. From it the regulariser Omega (--omega) solves "
            "length 50 sooner and begins to learn length 100, which stays at chance without; but within these "
            "4,000 updates it does not solve it. Large start: Xavier x 1.75 with plain gradient descent, so that "
            "gradients explode; a run that ends above 2.5 times the loss of guessing has diverged. The source "
            "trains up to millions of updates on lengths drawn from 50 to 200.",
    .full = {.time = "35 minutes",
             .common = "task=temporal-order;" OURS "steps=4000",
             .variant = {TANH, "label=sigmoid;cell=rnn;activation=sigmoid;init=xavier;lr=0.001",
                         "label=tanh, not clipped;cell=rnn;init=xavier;lr=0.001;clip-norm=0",
                         "label=tanh, orthogonal;cell=rnn;init=orthogonal;lr=0.0003",
                         "label=LSTM chrono;cell=lstm;forget-bias=chrono:100;lr=0.003",
                         "label=tanh, small;cell=rnn;init=normal;init-scale=0.8;lr=0.001",
                         "label=tanh, small, Omega;cell=rnn;init=normal;init-scale=0.8;lr=0.001;omega=2",
                         "label=tanh, large, SGD;" LARGE,
                         "label=tanh, large, SGD, not clipped;clip-norm=0;" LARGE},
             .sweep = "length=20,50,100", .seeds = 3, .until_solved = true,
             .check = {{"tanh (Xavier), length 50, share solved", "fails beyond about 20",
                        EXPERIMENT_SOLVED, "tanh, length=50", NULL, AT_LEAST, 0.6, 0},
                       {"tanh (Xavier), length 100, accuracy: chance is 0.25", "fails",
                        EXPERIMENT_ACCURACY, "tanh, length=100", NULL, AT_MOST, 0.35, 0},
                       {"not clipped, length 100, accuracy", "fails", EXPERIMENT_ACCURACY,
                        "tanh, not clipped, length=100", NULL, AT_MOST, 0.35, 0},
                       {"sigmoid, length 50, accuracy", "fails", EXPERIMENT_ACCURACY,
                        "sigmoid, length=50", NULL, AT_MOST, 0.35, 0},
                       {"orthogonal start, length 100, share solved", "100% with the regulariser",
                        EXPERIMENT_SOLVED, "tanh, orthogonal, length=100", NULL, AT_LEAST, 0.6, 0},
                       {"small start with Omega, length 50, share solved", "100% with the regulariser",
                        EXPERIMENT_SOLVED, "tanh, small, Omega, length=50", NULL, AT_LEAST, 1, 0},
                       {"updates until solved, length 50, with Omega less without", "Omega is better",
                        EXPERIMENT_STEPS, "tanh, small, Omega, length=50", "tanh, small, length=50",
                        AT_MOST, -200, 0},
                       {"accuracy, length 100, with Omega less without", "100% solved with it", EXPERIMENT_ACCURACY,
                        "tanh, small, Omega, length=100", "tanh, small, length=100", AT_LEAST, 0.1, 0},
                       {"LSTM chrono, length 100, share solved", "", EXPERIMENT_SOLVED,
                        "LSTM chrono, length=100", NULL, AT_LEAST, 0.6, 0},
                       {"explodes, clipped, length 20, share that diverged", "clipping helps",
                        EXPERIMENT_DIVERGED, "tanh, large, SGD, length=20", NULL, AT_MOST, 0.4, 0},
                       {"share that diverged, not clipped less clipped", "above 0",
                        EXPERIMENT_DIVERGED, "tanh, large, SGD, not clipped, length=20",
                        "tanh, large, SGD, length=20", AT_LEAST, 0.6, 0}}},
    .quick = {.time = "1 minute",
              .common = "task=temporal-order;" OURS "steps=2500",
              .variant = {TANH, "label=sigmoid;cell=rnn;activation=sigmoid;init=xavier;lr=0.001",
                          "label=tanh, large, SGD;" LARGE,
                          "label=tanh, large, SGD, not clipped;clip-norm=0;" LARGE},
              .sweep = "length=20,100", .seeds = 1, .until_solved = true,
              .check = {{"tanh (Xavier), length 20, share solved", "solved up to about 20",
                         EXPERIMENT_SOLVED, "tanh, length=20", NULL, AT_LEAST, 1, 0},
                        {"tanh (Xavier), length 100, accuracy: chance is 0.25", "fails",
                         EXPERIMENT_ACCURACY, "tanh, length=100", NULL, AT_MOST, 0.35, 0},
                        {"sigmoid, length 20, accuracy", "fails", EXPERIMENT_ACCURACY,
                         "sigmoid, length=20", NULL, AT_MOST, 0.5, 0},
                        {"explodes, clipped, length 20, share that diverged", "clipping helps",
                         EXPERIMENT_DIVERGED, "tanh, large, SGD, length=20", NULL, AT_MOST, 0, 0},
                        {"share that diverged, not clipped less clipped", "above 0",
                         EXPERIMENT_DIVERGED, "tanh, large, SGD, not clipped, length=20",
                         "tanh, large, SGD, length=20", AT_LEAST, 1, 0}}},
};
/* clang-format on */
