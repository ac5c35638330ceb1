#include "lab/experiment_settings.h"

/* clang-format off */
/* At distance 0 a stack of recurrent layers is a plain network of that depth; a squared error, so that no loss is
 * exactly 0. A row is decades of the fresh network's gradient at the first layer over the last. What follows from it is
 * in the last rows: a deep network whose gradient is lost does not learn to add two numbers that stand side by side. */
#define DEPTH_ROW(what, reported, bounds) {what, reported, EXPERIMENT_DEPTH, what, NULL, bounds, 0}
#define TRAINED_ROW(what, bounds)                                                                  \
    {what ", trained: squared error over that of guessing", "", EXPERIMENT_BASELINE, what, NULL, bounds, 0}
#define DEPTH(about, count)                                                                   \
    {.time = about, .here = "16 recurrent layers of 64 units, 500 updates by Adam where they are trained", \
     .common = "task=adding:length=2;layers=16;hidden=64;batch=32;cell=rnn;steps=500;lr=0.001;clip-norm=1", \
     .variant = {"label=sigmoid;activation=sigmoid;init=xavier", "label=tanh;init=xavier",         \
                 "label=ReLU;activation=relu;init=he",                                             \
                 "label=sigmoid, residual;activation=sigmoid;init=xavier;residual",                \
                 "label=tanh, residual;init=xavier;residual",                                      \
                 "label=ReLU, residual;activation=relu;init=he;residual",                          \
                 "label=ReLU, residual, scaled;activation=relu;init=he;init-scale=0.25;residual",  \
                 "label=sigmoid, layer norm;activation=sigmoid;init=xavier;norm=layer",            \
                 "label=tanh, layer norm;init=xavier;norm=layer",                                  \
                 "label=ReLU, layer norm;activation=relu;init=he;norm=layer"},                     \
     .seeds = count,                                                                               \
     .check = {DEPTH_ROW("sigmoid", "a quarter a layer: below -9", AT_MOST(-6)),                   \
               DEPTH_ROW("tanh", "", BETWEEN(-2, 2)),                                              \
               DEPTH_ROW("ReLU", "kept", BETWEEN(-2, 2)),                                          \
               DEPTH_ROW("sigmoid, residual", "kept", BETWEEN(-2, 2)),                             \
               DEPTH_ROW("tanh, residual", "kept", BETWEEN(-2, 2)),                                \
               DEPTH_ROW("ReLU, residual", "not lost", AT_LEAST(-2)),                              \
               DEPTH_ROW("ReLU, residual, scaled", "kept", BETWEEN(-1, 1)),                        \
               DEPTH_ROW("sigmoid, layer norm", "", AT_MOST(-6)),                                  \
               DEPTH_ROW("tanh, layer norm", "", BETWEEN(-3, 3)),                                  \
               DEPTH_ROW("ReLU, layer norm", "", BETWEEN(-4, 4)),                                  \
               TRAINED_ROW("sigmoid", BETWEEN(0.8, 1.2)),                                          \
               TRAINED_ROW("tanh", AT_MOST(0.5)),                                                  \
               TRAINED_ROW("tanh, residual", AT_MOST(0.5)),                                        \
               TRAINED_ROW("ReLU, residual, scaled", AT_MOST(0.5))}}

const experiment experiment_depth = {
    .name = "depth",
    .paper = "the common figure of vanishing gradients; Glorot and Bengio (2010); He et al. (2015, 2016)",
    .claim = "Through a stack of 16 layers sigmoid units lose the gradient, normalised or not; tanh and rectified "
             "units with a fitting start, and all units with residual connections, keep it.",
    .published = "sigmoid' is at most 1/4, so each layer divides the gradient by four and more",
    .note = "Decades of the gradient at the first layer over that at the last. With He's full start each "
            "residual layer of rectified units adds as much again, and the gradient grows on its way down; "
            "scaled: by 1/sqrt(16 layers). Layer normalisation alone changes no sigmoid's slope, and through "
            "tanh and rectified units costs a decade or two.",
    .full = DEPTH("40 s", 5),
    .quick = DEPTH("25 s", 4),
};
/* clang-format on */
