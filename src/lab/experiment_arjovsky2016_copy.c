#include "lab/experiment_settings.h"

/* clang-format off */
const experiment experiment_arjovsky2016_copy = {
    .name = "arjovsky2016-copy",
    .paper = "Arjovsky, Shah and Bengio (2016), Unitary evolution recurrent neural networks",
    .claim = "Over 100 steps and more neither a plain network nor an LSTM with the usual start gets far below "
             "the loss of a guess that remembers nothing.",
    .published = "copying 10 symbols: RNN and LSTM stay near the baseline from a delay of 100 on",
    .full = {.time = "15 minutes",
             .common = "task=copy:delay=200,length=10,symbols=8;" OURS "steps=2000;lr=0.001",
             .variant = {"label=tanh;cell=rnn", "label=LSTM;cell=lstm;forget-bias=1"},
             .seeds = 2,
             .check = {{"tanh, loss over that of guessing", "about 1", EXPERIMENT_BASELINE, "tanh",
                        NULL, AT_LEAST, 0.95, 0},
                       {"LSTM, loss over that of guessing", "about 1", EXPERIMENT_BASELINE, "LSTM",
                        NULL, AT_LEAST, 0.9, 0}}},
    .quick = {.time = "40 s",
              .common = "task=copy:delay=100,length=10,symbols=8;" OURS "steps=800;lr=0.002",
              .variant = {"label=tanh;cell=rnn", "label=LSTM;cell=lstm;forget-bias=1"},
              .seeds = 1,
              .check = {{"tanh, delay 100, loss over that of guessing", "about 1",
                         EXPERIMENT_BASELINE, "tanh", NULL, AT_LEAST, 0.95, 0},
                        {"LSTM, loss over that of guessing", "about 1", EXPERIMENT_BASELINE, "LSTM",
                         NULL, AT_LEAST, 0.9, 0}}},
};
/* clang-format on */
