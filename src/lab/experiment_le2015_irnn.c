#include "lab/experiment_settings.h"

/* clang-format off */
const experiment experiment_le2015_irnn = {
    .name = "le2015-irnn",
    .paper = "Le, Jaitly and Hinton (2015), A simple way to initialize recurrent networks of rectified "
             "linear units",
    .claim = "Rectified units that start as the identity carry gradients unchanged, and learn to add where "
             "tanh units do not.",
    .published = "adding, length 150: the IRNN reaches a squared error near 0, tanh units stay at 0.167",
    .here = "64 units, Adam; length 100 with --quick",
    .full = {.time = "6 minutes",
             .common = "task=adding:length=150;" OURS "steps=6000;lr=0.002",
             .variant = {"label=IRNN;cell=rnn;activation=relu;init=identity",
                         "label=tanh;cell=rnn"},
             .seeds = 3, .until_solved = true,
             .check = {{"IRNN, squared error", "near 0", EXPERIMENT_LOSS, "IRNN", NULL, AT_MOST, 0.05, 0},
                       {"tanh, squared error: guessing has 0.167", "0.167", EXPERIMENT_LOSS, "tanh",
                        NULL, AT_LEAST, 0.14, 0},
                       {"fresh IRNN, decades a step", "", EXPERIMENT_SLOPE, "IRNN", NULL, AT_LEAST,
                        -0.002, 0},
                       {"fresh tanh, decades a step", "", EXPERIMENT_SLOPE, "tanh", NULL, AT_MOST,
                        -0.01, 0}}},
    .quick = {.time = "1 minute",
              .common = "task=adding:length=100;" OURS "steps=2500;lr=0.002",
              .variant = {"label=IRNN;cell=rnn;activation=relu;init=identity",
                          "label=tanh;cell=rnn"},
              .seeds = 1, .until_solved = true,
              .check = {{"IRNN, squared error", "near 0", EXPERIMENT_LOSS, "IRNN", NULL,
                         AT_MOST, 0.05, 0},
                        {"tanh, squared error: guessing has 0.167", "0.167", EXPERIMENT_LOSS, "tanh",
                         NULL, AT_LEAST, 0.14, 0},
                        {"fresh IRNN, decades a step", "", EXPERIMENT_SLOPE, "IRNN", NULL, AT_LEAST,
                         -0.002, 0},
                        {"fresh tanh, decades a step", "", EXPERIMENT_SLOPE, "tanh", NULL, AT_MOST,
                         -0.01, 0}}},
};
/* clang-format on */
