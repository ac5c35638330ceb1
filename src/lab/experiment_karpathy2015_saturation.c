#include "lab/experiment_settings.h"

/* clang-format off */
/* Without training no forget gate is above 0.9, and no layer is ahead of the other; the first row says that the model
 * learned at all. */
#define SATURATION(about, updates, count, loss, ...)                                               \
    {.time = about, .here = "two layers of 128 units on the novel that ships with the program, " updates " updates", \
     .common = "task=char;cell=lstm;layers=2;hidden=128;batch=50;seq-length=50;steps=" updates,    \
     .variant = {"label=LSTM;forget-bias=1"}, .seeds = count,                                      \
     .check = {{"held-out loss in nats: guessing has above 3", "", EXPERIMENT_LOSS, "LSTM", NULL,  \
                BETWEEN(0.5, loss), 0},                                                            \
               {"first layer, forget gates above 0.9, share", "", EXPERIMENT_FORGET_OPEN, "LSTM", NULL, \
                AT_LEAST(0.05), 0},                                                                \
               {"last layer, forget gates above 0.9, share", "many", EXPERIMENT_FORGET_OPEN, "LSTM", NULL, \
                AT_LEAST(0.05), 1},                                                                \
               {"last layer, forget gates below 0.1, share", "hardly any", EXPERIMENT_FORGET_SHUT, "LSTM", \
                NULL, AT_MOST(0.1), 1},                                                            \
               {"gates that are nearly shut or open, last layer less first", "above 0",            \
                EXPERIMENT_GATES_RISE, "LSTM", NULL, AT_LEAST(0.02), 0}},                          \
     __VA_ARGS__}

const experiment experiment_karpathy2015_saturation = {
    .name = "karpathy2015-saturation",
    .paper = "Karpathy, Johnson and Fei-Fei (2015), Visualizing and understanding recurrent networks",
    .claim = "In a trained character model many forget gates stay open, so that cells remember, and few stay "
             "shut; the first layer's gates saturate less than a higher one's.",
    .published = "many forget gates open for much of the time, hardly any shut throughout; activations of the "
                 "first layer far more diffuse",
    .full = SATURATION("5 minutes", "3000", 4, 2.2, .part = NULL),
    .quick = SATURATION("2 minutes", "500", 4, 2.6,
                        .part = "The gates of a model early in its training, after 500 updates."),
};
/* clang-format on */
