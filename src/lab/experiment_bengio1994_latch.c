#include "lab/experiment_settings.h"

/* clang-format off */
#define LATCH \
    "task=latch;layers=1;hidden=16;batch=32;clip-norm=1;optimizer=sgd;lr=0.1;cell=rnn;steps=4000"
#define HERE                                                                                       \
    "16 units instead of one, inputs that are given instead of learned, batches of 32, gradients clipped to norm 1"
/* Huge weights latch over 5 steps by luck, and at 40 steps have the accuracy of guessing: their loss tells them apart. */
#define LATCH_CHECKS                                                                               \
    {{"delay 5, share solved", "solved", EXPERIMENT_SOLVED, "small start, delay=5", NULL, SOLVED, 0}, \
     {"delay 40, accuracy: chance is 0.5", "mostly fails", EXPERIMENT_ACCURACY,                    \
      "small start, delay=40", NULL, BETWEEN(0.4, 0.65), 0},                                       \
     {"delay 40, loss over that of guessing", "mostly fails", EXPERIMENT_BASELINE,                 \
      "small start, delay=40", NULL, BETWEEN(0.7, 1.2), 0},                                        \
     {"delay 40, share solved", "mostly fails", EXPERIMENT_SOLVED, "small start, delay=40", NULL,  \
      NOT_SOLVED, 0},                                                                              \
     {"share solved, delay 5 less delay 40", "falls with the delay", EXPERIMENT_SOLVED,            \
      "small start, delay=5", "small start, delay=40", AT_LEAST(0.1), 0},                          \
     {"fresh net, decades a step", "the gradient vanishes", EXPERIMENT_SLOPE,                      \
      "small start, delay=40", NULL, AT_MOST(-0.05), 0}}

const experiment experiment_bengio1994_latch = {
    .name = "bengio1994-latch",
    .paper = "Bengio, Simard and Frasconi (1994), Learning long-term dependencies with gradient descent is "
             "difficult",
    .claim = "Gradient descent from small weights learns to hold a bit over a few steps of noise, and fails "
             "as they become more.",
    .published = "the share of successful trainings falls with the length, from nearly all at a few steps to "
                 "few at some dozens",
    .full = {.time = "2 minutes", .here = HERE, .common = LATCH,
             .variant = {"label=small start;init=uniform"}, .sweep = "delay=5,10,20,40,80", .seeds = 10,
             .until_solved = true, .check = LATCH_CHECKS},
    .quick = {.time = "20 s", .here = HERE,
              .common = LATCH, .variant = {"label=small start;init=uniform"},
              .sweep = "delay=5,40", .seeds = 8, .until_solved = true,
              .check = LATCH_CHECKS},
};
/* clang-format on */
