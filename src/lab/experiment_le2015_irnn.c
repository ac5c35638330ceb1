#include "lab/experiment_settings.h"

/* clang-format off */
#define IRNN(about, length, updates, count, ...)                                                   \
    {.time = about, .here = "64 units instead of 100, batches of 32, Adam, " updates " updates",   \
     .common = "task=adding:length=" length ";" OURS "lr=0.002;steps=" updates,                    \
     .variant = {"label=IRNN;cell=rnn;activation=relu;init=identity", "label=tanh;cell=rnn"},      \
     .seeds = count, .until_solved = true,                                                         \
     .check = {{"IRNN, length " length ", squared error: guessing has 0.167", "near 0", EXPERIMENT_LOSS, \
                "IRNN", NULL, AT_MOST(0.08), 0},                                                   \
               {"tanh, squared error over that of guessing", "1", EXPERIMENT_BASELINE, "tanh", NULL, \
                BETWEEN(0.85, 1.15), 0},                                                           \
               {"squared error, tanh less IRNN", "0.167", EXPERIMENT_LOSS, "tanh", "IRNN",         \
                AT_LEAST(0.08), 0},                                                                \
               {"fresh IRNN, decades a step", "", EXPERIMENT_SLOPE, "IRNN", NULL,                  \
                BETWEEN(-0.002, 0.002), 0},                                                        \
               {"fresh tanh, decades a step", "", EXPERIMENT_SLOPE, "tanh", NULL, AT_MOST(-0.01), 0}}, \
     __VA_ARGS__}

const experiment experiment_le2015_irnn = {
    .name = "le2015-irnn",
    .paper = "Le, Jaitly and Hinton (2015), A simple way to initialize recurrent networks of rectified "
             "linear units",
    .claim = "Rectified units that start as the identity carry gradients unchanged, and learn to add where "
             "tanh units do not.",
    .published = "adding, length 150: the IRNN reaches a squared error near 0, tanh units stay at 0.167",
    .full = IRNN("10 minutes", "150", "6000", 5, .part = NULL),
    .quick = IRNN("2 minutes", "60", "4000", 8, .part = "Length 60 instead of 150."),
};
/* clang-format on */
