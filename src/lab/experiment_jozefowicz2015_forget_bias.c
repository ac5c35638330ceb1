#include "lab/experiment_settings.h"

/* clang-format off */
const experiment experiment_jozefowicz2015_forget_bias = {
    .name = "jozefowicz2015-forget-bias",
    .paper = "Jozefowicz, Zaremba and Sutskever (2015), An empirical exploration of recurrent network "
             "architectures",
    .claim = "A forget gate that starts open keeps the LSTM's gradient alive, and so it learns long "
             "dependencies sooner.",
    .published = "arithmetic, accuracy: tanh 0.295, LSTM 0.892, with a forget bias of 1 0.902, without a "
                 "forget gate 0.293, GRU 0.896",
    .here = "the LSTMs alone, on temporal order instead of arithmetic",
    .full = {.time = "8 minutes",
             .common = "task=temporal-order:length=60;" OURS "init=xavier;cell=lstm;steps=3000;lr=0.003",
             .variant = {"label=forget bias 0;forget-bias=0", "label=forget bias 1;forget-bias=1",
                         "label=forget bias 2;forget-bias=2"},
             .seeds = 3, .until_solved = true,
             .check = {{"fresh, bias 1 over 0 at distance 50, decades", "", EXPERIMENT_DECADES,
                        "forget bias 1", "forget bias 0", AT_LEAST, 3, 50},
                       {"fresh, bias 2 over 1 at distance 50, decades", "", EXPERIMENT_DECADES,
                        "forget bias 2", "forget bias 1", AT_LEAST, 0.3, 50},
                       {"updates until solved, bias 1 less bias 0", "bias 1 is better",
                        EXPERIMENT_STEPS, "forget bias 1", "forget bias 0", AT_MOST, 0, 0}}},
    .quick = {.time = "5 s",
              .common = "task=temporal-order:length=60;" OURS "init=xavier;cell=lstm;steps=20",
              .variant = {"label=forget bias 0;forget-bias=0", "label=forget bias 1;forget-bias=1",
                          "label=forget bias 2;forget-bias=2"},
              .seeds = 3,
              .check = {{"fresh, bias 1 over 0 at distance 50, decades", "", EXPERIMENT_DECADES,
                         "forget bias 1", "forget bias 0", AT_LEAST, 3, 50},
                        {"fresh, bias 2 over 1 at distance 50, decades", "", EXPERIMENT_DECADES,
                         "forget bias 2", "forget bias 1", AT_LEAST, 0.3, 50}}},
};
/* clang-format on */
