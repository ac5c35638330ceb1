#include "lab/experiment_settings.h"

/* clang-format off */
/* The source's figure 3: one unit, a bit shown for three steps, noise of variance 0.2, a recurrent weight that starts at
 * 1.25, plain descent. */
#define LATCH \
    "task=latch:cue=3,noise=0.4472,learned=1;layers=1;hidden=1;init=identity;init-scale=1.25;batch=32;" \
    "clip-norm=0;optimizer=sgd;lr=0.1;cell=rnn;steps="
#define HERE                                                                                       \
    "batches of 32, a softmax of two classes instead of a target for the unit, the weight of the noise is learned, too"
#define ONE_UNIT "label=one unit"
/* Huge weights latch over 5 steps by luck, and at 40 steps have the accuracy of guessing: their loss tells them apart. */
#define LATCH_CHECKS                                                                               \
    {{"delay 5, share solved", "nearly all", EXPERIMENT_SOLVED, "one unit, delay=5", NULL, SOLVED, 0}, \
     {"delay 40, accuracy: chance is 0.5", "mostly fails", EXPERIMENT_ACCURACY,                    \
      "one unit, delay=40", NULL, BETWEEN(0.4, 0.65), 0},                                          \
     {"delay 40, loss over that of guessing", "mostly fails", EXPERIMENT_BASELINE,                 \
      "one unit, delay=40", NULL, BETWEEN(0.7, 1.2), 0},                                           \
     {"delay 40, share solved", "mostly fails", EXPERIMENT_SOLVED, "one unit, delay=40", NULL,     \
      NOT_SOLVED, 0},                                                                              \
     {"share solved, delay 5 less delay 40", "falls with the delay", EXPERIMENT_SOLVED,            \
      "one unit, delay=5", "one unit, delay=40", AT_LEAST(0.1), 0}}

const experiment experiment_bengio1994_latch = {
    .name = "bengio1994-latch",
    .paper = "Bengio, Simard and Frasconi (1994), Learning long-term dependencies with gradient descent is "
             "difficult",
    .claim = "Gradient descent teaches a unit to hold a bit over a few steps of noise, and fails as they "
             "become more.",
    .published = "the share of successful trainings falls with the length, from nearly all at a few steps to "
                 "few at some dozens",
    .full = {.time = "2 minutes", .here = HERE, .common = LATCH "3000", .variant = {ONE_UNIT},
             .sweep = "delay=5,10,20,40,80", .seeds = 10, .until_solved = true, .check = LATCH_CHECKS},
    .quick = {.time = "20 s", .here = HERE, .common = LATCH "2000", .variant = {ONE_UNIT},
              .sweep = "delay=5,40", .seeds = 8, .until_solved = true, .check = LATCH_CHECKS},
};
/* clang-format on */
