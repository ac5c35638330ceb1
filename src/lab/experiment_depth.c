#include "lab/experiment_settings.h"

/* clang-format off */
/* Fresh networks; the one step that a comparison must train does not matter. At distance 0 a stack of
 * recurrent layers is a plain network of that depth; a squared error, so that no loss is exactly 0.
 * A row is decades of the first layer over the last. */
#define DEPTH_ROW(what, reported, relation, bound)                                                 \
    {what, reported, EXPERIMENT_DEPTH, what, NULL, relation, bound, 0}
#define DEPTH(about, count)                                                                        \
    {.time = about, .common = "task=adding:length=2;layers=16;hidden=64;batch=32;cell=rnn;steps=1", \
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
     .check = {DEPTH_ROW("sigmoid", "a quarter a layer: below -9", AT_MOST, -6),                   \
               DEPTH_ROW("tanh", "", AT_LEAST, -2),                                                \
               DEPTH_ROW("ReLU", "kept", AT_LEAST, -2),                                            \
               DEPTH_ROW("sigmoid, residual", "kept", AT_LEAST, -2),                               \
               DEPTH_ROW("tanh, residual", "kept", AT_LEAST, -2),                                  \
               DEPTH_ROW("tanh, residual", "kept", AT_MOST, 2),                                    \
               DEPTH_ROW("ReLU, residual", "not lost", AT_LEAST, -2),                              \
               DEPTH_ROW("ReLU, residual, scaled", "kept", AT_LEAST, -1),                          \
               DEPTH_ROW("ReLU, residual, scaled", "kept", AT_MOST, 1),                            \
               DEPTH_ROW("sigmoid, layer norm", "", AT_MOST, -6),                                  \
               DEPTH_ROW("tanh, layer norm", "", AT_LEAST, -3),                                    \
               DEPTH_ROW("ReLU, layer norm", "", AT_LEAST, -4)}}

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
    .full = DEPTH("2 s", 5),
    .quick = DEPTH("1 s", 2),
};
/* clang-format on */
