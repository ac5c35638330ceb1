#include "lab/experiment_settings.h"

/* clang-format off */
#define BIASES(about, says, length, updates, far, count, ...)                                      \
    {.time = about, .part = says,                                                                  \
     .here = "the LSTMs alone, on temporal order instead of arithmetic, 64 units, Adam",           \
     .common = "task=temporal-order:length=" length ";" OURS "init=xavier;cell=lstm;lr=0.003;steps=" updates, \
     .variant = {"label=forget bias 0;forget-bias=0", "label=forget bias 1;forget-bias=1",         \
                 "label=forget bias 2;forget-bias=2;steps=1"},                                             \
     .seeds = count, .until_solved = true,                                                         \
     .check = {{"fresh, bias 1 over 0 at distance " #far ", decades", "", EXPERIMENT_DECADES,      \
                "forget bias 1", "forget bias 0", AT_LEAST((far) * 0.05), far},                    \
               {"fresh, bias 2 over 1 at distance " #far ", decades", "", EXPERIMENT_DECADES,      \
                "forget bias 2", "forget bias 1", AT_LEAST(0.2), far},                             \
               {"bias 1, length " length ", share solved", "", EXPERIMENT_SOLVED, "forget bias 1", NULL, \
                SOLVED, 0},                                                                        \
               __VA_ARGS__}}
#define SOONER                                                                                     \
    {"updates until solved, bias 1 less bias 0", "bias 1 is better", EXPERIMENT_STEPS,             \
     "forget bias 1", "forget bias 0", AT_MOST(-1), 0}

const experiment experiment_jozefowicz2015_forget_bias = {
    .name = "jozefowicz2015-forget-bias",
    .paper = "Jozefowicz, Zaremba and Sutskever (2015), An empirical exploration of recurrent network "
             "architectures",
    .claim = "A forget gate that starts open keeps the LSTM's gradient alive, and so it learns long "
             "dependencies sooner.",
    .published = "arithmetic, accuracy: tanh 0.295, LSTM 0.892, with a forget bias of 1 0.902, without a "
                 "forget gate 0.293, GRU 0.896",
    .full = BIASES("12 minutes", NULL, "60", "3000", 50, 8, SOONER),
    .quick = BIASES("1 minute",
                    "The gradient of fresh networks over 25 steps, and that length 30 is solved, not that it "
                    "is solved sooner.",
                    "30", "2000", 25, 8, {0}),
};
/* clang-format on */
