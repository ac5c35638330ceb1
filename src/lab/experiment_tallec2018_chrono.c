#include "lab/experiment_settings.h"

/* clang-format off */
const experiment experiment_tallec2018_chrono = {
    .name = "tallec2018-chrono",
    .paper = "Tallec and Ollivier (2018), Can recurrent neural networks warp time?",
    .claim = "Gate biases drawn for the time scale of the task learn long dependencies sooner than constant "
             "ones.",
    .published = "copying over 500 and 2,000 steps and adding over 200 and 750: chrono biases learn, "
                 "constant ones learn late or stay at the baseline",
    .here = "a GRU, one symbol over 100 steps; 50 with --quick",
    .full = {.time = "20 minutes",
             .common = "task=copy:delay=100,length=1,symbols=8;" OURS "cell=gru;steps=3000;lr=0.003",
             .variant = {"label=constant", "label=chrono;forget-bias=chrono:100"},
             .seeds = 5, .until_solved = true,
             .check = {{"chrono, accuracy", "learns", EXPERIMENT_ACCURACY, "chrono", NULL, AT_LEAST,
                        0.99, 0},
                       {"updates until solved, chrono less constant", "sooner", EXPERIMENT_STEPS,
                        "chrono", "constant", AT_MOST, -100, 0},
                       {"fresh, chrono over constant at distance 100, decades", "",
                        EXPERIMENT_DECADES, "chrono", "constant", AT_LEAST, 2, 100}}},
    .quick = {.time = "50 s",
              .common = "task=copy:delay=50,length=1,symbols=8;" OURS "cell=gru;steps=2000;lr=0.003",
              .variant = {"label=constant", "label=chrono;forget-bias=chrono:50"},
              .seeds = 1, .until_solved = true,
              .check = {{"chrono, delay 50, accuracy", "learns", EXPERIMENT_ACCURACY, "chrono", NULL,
                         AT_LEAST, 0.99, 0},
                        {"updates until solved, chrono less constant", "sooner", EXPERIMENT_STEPS,
                         "chrono", "constant", AT_MOST, -100, 0},
                        {"fresh, chrono over constant at distance 50, decades", "",
                         EXPERIMENT_DECADES, "chrono", "constant", AT_LEAST, 2, 50}}},
};
/* clang-format on */
