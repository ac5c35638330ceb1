#include "lab/experiment_settings.h"

/* clang-format off */
const experiment experiment_hochreiter1997_adding = {
    .name = "hochreiter1997-adding",
    .paper = "Hochreiter and Schmidhuber (1997), Long short-term memory, experiment 4",
    .claim = "An LSTM adds two numbers that stand far apart; a plain recurrent network learns the mean.",
    .published = "length 100: 1 of 2,560 test sums wrong (error above 0.04) after 74,000 sequences",
    .full = {.time = "15 minutes",
             .common = "task=adding:length=100;" OURS "steps=4000",
             .variant = {TANH, "label=LSTM;cell=lstm;forget-bias=1;lr=0.003"},
             .seeds = 5, .until_solved = true,
             .check = {{"tanh, squared error: guessing has 0.167", "", EXPERIMENT_LOSS, "tanh", NULL,
                        AT_LEAST, 0.15, 0},
                       {"LSTM, squared error", "1 of 2,560 sums wrong by 0.04", EXPERIMENT_LOSS,
                        "LSTM", NULL, AT_MOST, 0.01, 0}}},
    .quick = {.time = "50 s",
              .common = "task=adding:length=60;" OURS "steps=2000",
              .variant = {TANH, "label=LSTM;cell=lstm;forget-bias=1;lr=0.005"},
              .seeds = 1, .until_solved = true,
              .check = {{"tanh, length 60, squared error: guessing has 0.167", "",
                         EXPERIMENT_LOSS, "tanh", NULL, AT_LEAST, 0.12, 0},
                        {"LSTM, squared error", "1 of 2,560 sums wrong by 0.04", EXPERIMENT_LOSS,
                         "LSTM", NULL, AT_MOST, 0.012, 0}}},
};
/* clang-format on */
