#include "lab/experiment_settings.h"

/* clang-format off */
#define HERE \
    "cells with forget gates from a chrono start, 8 symbols and no local regularities, 64 units, batches of 32, Adam"

#define COPY_CHECKS(about, lstm)                                                                   \
    {{"tanh, " about "accuracy: chance is 0.125", "0% of trials solved at 100", EXPERIMENT_ACCURACY, \
      "tanh", NULL, BETWEEN(0.06, 0.2), 0},                                                        \
     {"tanh, " about "share solved", "0% of trials solved at 100", EXPERIMENT_SOLVED, "tanh", NULL, \
      NOT_SOLVED, 0},                                                                              \
     {"LSTM, " about "accuracy", "100% of trials solved at 100", EXPERIMENT_ACCURACY, "LSTM chrono", \
      NULL, AT_LEAST(lstm), 0},                                                                    \
     {"GRU, " about "accuracy", "", EXPERIMENT_ACCURACY, "GRU chrono", NULL, AT_LEAST(0.97), 0},   \
     {"GRU, " about "share solved", "", EXPERIMENT_SOLVED, "GRU chrono", NULL, SOLVED, 0}}

const experiment experiment_hochreiter1997_copy = {
    .name = "hochreiter1997-copy",
    .paper = "Hochreiter and Schmidhuber (1997), Long short-term memory, experiment 2a",
    .claim = "A gated state carries one symbol over 100 steps; a plain recurrent network cannot.",
    .published = "delay 100: back-propagation through time solves it in 0% of trials, the LSTM in 100%, "
                 "after 5,040 sequences",
    .note = "The LSTM of the source has no forget gate. This one learns later than the GRU: with seeds 1 to 5 the "
            "mean accuracy is 0.83 after 4,000 updates, and two of the five have solved the task.",
    .full = {.time = "14 minutes", .here = HERE,
             .common = "task=copy:delay=100,length=1,symbols=8;" OURS "steps=4000",
             .variant = {TANH, "label=LSTM chrono;cell=lstm;forget-bias=chrono:100;lr=0.003",
                         "label=GRU chrono;cell=gru;forget-bias=chrono:100;lr=0.003"},
             .seeds = 5, .until_solved = true, .check = COPY_CHECKS("", 0.3)},
    .quick = {.time = "2 minutes", .part = "A delay of 50 instead of 100.", .here = HERE,
              .common = "task=copy:delay=50,length=1,symbols=8;" OURS "steps=2500",
              .variant = {TANH, "label=LSTM chrono;cell=lstm;forget-bias=chrono:50;lr=0.003",
                          "label=GRU chrono;cell=gru;forget-bias=chrono:50;lr=0.003"},
              .seeds = 4, .until_solved = true, .check = COPY_CHECKS("delay 50, ", 0.3)},
};
/* clang-format on */
