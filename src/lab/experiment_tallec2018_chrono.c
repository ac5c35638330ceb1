#include "lab/experiment_settings.h"

/* clang-format off */
/* The source's LSTM and RMSprop, without clipping. In a variable copy the delay is drawn anew for each sequence. */
#define COPY "task=copy:length=10,symbols=8,delay=50;"
#define VARIABLE "task=copy:length=10,symbols=8,delay=50,shortest=1;"
#define LEARNS(what, copy)                                                                         \
    {"chrono, " what ", accuracy: chance is 0.125", "learns", EXPERIMENT_ACCURACY, copy " chrono", \
     NULL, AT_LEAST(0.25), 0},                                                                     \
    {"chrono, " what ", loss of the recalled over that of guessing", "learns", EXPERIMENT_RECALL,  \
     copy " chrono", NULL, AT_MOST(0.85), 0},                                                      \
    {what ", loss of the recalled over that of guessing, chrono less constant", "below 0",         \
     EXPERIMENT_RECALL, copy " chrono", copy " constant", AT_MOST(-0.05), 0}

/* The short form: one symbol, which a GRU learns to copy soon. */
#define SHORT_DELAY 50
#define SHORT_CHECKS                                                                               \
    {{"chrono, accuracy: chance is 0.125", "learns", EXPERIMENT_ACCURACY, "chrono", NULL,          \
      AT_LEAST(0.97), 0},                                                                          \
     {"chrono, share solved", "learns", EXPERIMENT_SOLVED, "chrono", NULL, SOLVED, 0},             \
     {"updates until solved, chrono less constant", "sooner", EXPERIMENT_STEPS, "chrono",          \
      "constant", AT_MOST(-1), 0},                                                                 \
     {"fresh, chrono over constant at distance 50, decades", "", EXPERIMENT_DECADES, "chrono",     \
      "constant", AT_LEAST(2), SHORT_DELAY}}

const experiment experiment_tallec2018_chrono = {
    .name = "tallec2018-chrono",
    .paper = "Tallec and Ollivier (2018), Can recurrent neural networks warp time?",
    .claim = "Gate biases drawn for the time scale of the task learn long dependencies sooner than constant "
             "ones.",
    .published = "copying 10 symbols over 500 and 2,000 steps, over fixed and over variable delays: chrono biases "
                 "learn, constant ones learn late or stay at the baseline",
    .note = "A delay of 500 takes ten times as long for each update, and two cores do not see it learned in 20 "
            "minutes.",
    .full = {.time = "16 minutes", .here = "a delay of 50 instead of 500, batches of 32, 7,000 updates",
             .common = COPY "layers=1;hidden=128;cell=lstm;init=xavier;batch=32;clip-norm=0;optimizer=rmsprop;"
                       "rho=0.9;lr=0.001;steps=7000",
             .variant = {"label=copy constant;forget-bias=1", "label=copy chrono;forget-bias=chrono:50",
                         "label=variable constant;forget-bias=1;" VARIABLE,
                         "label=variable chrono;forget-bias=chrono:50;" VARIABLE},
             .seeds = 4,
             .check = {LEARNS("copy", "copy"), LEARNS("variable copy", "variable"),
                       {"copy, fresh, chrono over constant at distance 50, decades", "", EXPERIMENT_DECADES,
                        "copy chrono", "copy constant", AT_LEAST(2), 50}}},
    .quick = {.time = "2 minutes", .part = "A GRU that copies one symbol over 50 steps.",
              .here = "64 units, batches of 32, Adam",
              .common = "task=copy:length=1,symbols=8,delay=50;" OURS "cell=gru;lr=0.003;steps=2000",
              .variant = {"label=constant", "label=chrono;forget-bias=chrono:50"},
              .seeds = 4, .until_solved = true, .check = SHORT_CHECKS},
};
/* clang-format on */
