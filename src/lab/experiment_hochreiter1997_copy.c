#include "lab/experiment_settings.h"

/* clang-format off */
const experiment experiment_hochreiter1997_copy = {
    .name = "hochreiter1997-copy",
    .paper = "Hochreiter and Schmidhuber (1997), Long short-term memory, experiment 2a",
    .claim = "A gated state carries one symbol over 100 steps; a plain recurrent network cannot.",
    .published = "delay 100: back-propagation through time solves it in 0% of trials, the LSTM in 100%, "
                 "after 5,040 sequences",
    .here = "8 symbols, Adam, batches of 32; a delay of 50 with --quick",
    .note = "The LSTM of the source has no forget gate. This one learns later than the GRU: with seeds 1 to 5 the "
            "mean accuracy is 0.83 after 4,000 updates, and two of the five have solved the task.",
    .full = {.time = "14 minutes",
             .common = "task=copy:delay=100,length=1,symbols=8;" OURS "steps=4000",
             .variant = {TANH, "label=LSTM chrono;cell=lstm;forget-bias=chrono:100;lr=0.003",
                         "label=GRU chrono;cell=gru;forget-bias=chrono:100;lr=0.003"},
             .seeds = 5, .until_solved = true,
             .check = {{"tanh, accuracy: chance is 0.125", "0% of trials solved",
                        EXPERIMENT_ACCURACY, "tanh", NULL, AT_MOST, 0.2, 0},
                       {"LSTM, chrono bias, accuracy", "100% of trials solved",
                        EXPERIMENT_ACCURACY, "LSTM chrono", NULL, AT_LEAST, 0.5, 0},
                       {"GRU, chrono bias, accuracy", "",
                        EXPERIMENT_ACCURACY, "GRU chrono", NULL, AT_LEAST, 0.99, 0}}},
    .quick = {.time = "40 s",
              .common = "task=copy:delay=50,length=1,symbols=8;" OURS "steps=2500",
              .variant = {TANH, "label=LSTM chrono;cell=lstm;forget-bias=chrono:50;lr=0.003",
                          "label=GRU chrono;cell=gru;forget-bias=chrono:50;lr=0.003"},
              .seeds = 1, .until_solved = true,
              .check = {{"tanh, delay 50, accuracy: chance is 0.125", "0% of trials solved at 100",
                         EXPERIMENT_ACCURACY, "tanh", NULL, AT_MOST, 0.25, 0},
                        {"LSTM, chrono bias, delay 50, accuracy", "100% of trials solved at 100",
                         EXPERIMENT_ACCURACY, "LSTM chrono", NULL, AT_LEAST, 0.5, 0},
                        {"GRU, chrono bias, accuracy", "",
                         EXPERIMENT_ACCURACY, "GRU chrono", NULL, AT_LEAST, 0.99, 0}}},
};
/* clang-format on */
