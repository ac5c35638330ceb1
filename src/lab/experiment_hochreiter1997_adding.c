#include "lab/experiment_settings.h"

/* clang-format off */
#define HERE                                                                                       \
    "an LSTM with forget gates, 64 units, batches of 32, Adam, fixed lengths, mean squared errors instead of wrong sums"

#define ADDING_CHECKS(...)                                                                         \
    {{"tanh, squared error over that of guessing", "", EXPERIMENT_BASELINE, "tanh", NULL,          \
      BETWEEN(0.85, 1.15), 0},                                                                     \
     {"LSTM, squared error: guessing has 0.167", "1 of 2,560 sums wrong by 0.04", EXPERIMENT_LOSS, \
      "LSTM", NULL, AT_MOST(0.03), 0},                                                             \
     __VA_ARGS__}
#define LSTM_SOLVES                                                                                \
    {"LSTM, share solved", "1 of 2,560 sums wrong by 0.04", EXPERIMENT_SOLVED, "LSTM", NULL, SOLVED, 0}

const experiment experiment_hochreiter1997_adding = {
    .name = "hochreiter1997-adding",
    .paper = "Hochreiter and Schmidhuber (1997), Long short-term memory, experiment 4",
    .claim = "An LSTM adds two numbers that stand far apart; a plain recurrent network learns the mean.",
    .published = "length 100: 1 of 2,560 test sums wrong (error above 0.04) after 74,000 sequences",
    .full = {.time = "15 minutes", .here = HERE,
             .common = "task=adding:length=100;" OURS "steps=4000",
             .variant = {TANH, "label=LSTM;cell=lstm;forget-bias=1;lr=0.003"},
             .seeds = 5, .until_solved = true, .check = ADDING_CHECKS(LSTM_SOLVES)},
    .quick = {.time = "2 minutes", .here = HERE,
              .part = "What is learned in 3,000 updates, not that the task is solved.",
              .common = "task=adding:length=100;" OURS "steps=3000",
              .variant = {TANH, "label=LSTM;cell=lstm;forget-bias=1;lr=0.004"},
              .seeds = 4, .until_solved = true, .check = ADDING_CHECKS({0})},
};
/* clang-format on */
