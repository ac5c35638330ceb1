#include "lab/experiment_settings.h"

/* clang-format off */
#define CHRONO(about, delay, updates, count, ...)                                                  \
    {.time = about, .here = "a GRU that copies one symbol over " #delay " steps, 64 units, batches of 32, Adam", \
     .common = "task=copy:length=1,symbols=8,delay=" #delay ";" OURS "cell=gru;lr=0.003;steps=" updates, \
     .variant = {"label=constant", "label=chrono;forget-bias=chrono:" #delay},                     \
     .seeds = count, .until_solved = true,                                                         \
     .check = {{"chrono, delay " #delay ", accuracy: chance is 0.125", "learns", EXPERIMENT_ACCURACY, \
                "chrono", NULL, AT_LEAST(0.97), 0},                                                \
               {"chrono, delay " #delay ", share solved", "learns", EXPERIMENT_SOLVED, "chrono", NULL, \
                SOLVED, 0},                                                                        \
               {"updates until solved, chrono less constant", "sooner", EXPERIMENT_STEPS, "chrono", \
                "constant", AT_MOST(-1), 0},                                                     \
               {"fresh, chrono over constant at distance " #delay ", decades", "",                 \
                EXPERIMENT_DECADES, "chrono", "constant", AT_LEAST(2), delay}},                    \
     __VA_ARGS__}

const experiment experiment_tallec2018_chrono = {
    .name = "tallec2018-chrono",
    .paper = "Tallec and Ollivier (2018), Can recurrent neural networks warp time?",
    .claim = "Gate biases drawn for the time scale of the task learn long dependencies sooner than constant "
             "ones.",
    .published = "copying over 500 and 2,000 steps and adding over 200 and 750: chrono biases learn, "
                 "constant ones learn late or stay at the baseline",
    .full = CHRONO("20 minutes", 100, "3000", 5, .part = NULL),
    .quick = CHRONO("2 minutes", 50, "2000", 4, .part = "A delay of 50."),
};
/* clang-format on */
