#include "lab/experiment_settings.h"

/* clang-format off */
/* The source's start is the identity; loss, batch and units are as in its program. The last row sees to it that what is
 * compared learns at all. */
#define NORM(about, length, updates, count, ...)                                                   \
    {.time = about, .through = true,                                                               \
     .here = "adding over " length " steps instead of pixels, Adam, " updates " updates",          \
     .common = "task=adding:length=" length ";layers=1;hidden=100;batch=100;cell=rnn;clip-norm=1;lr=0.001;" \
               "norm=recurrent-batch;steps=" updates,                                              \
     .variant = {"label=gamma 0.1;init=identity;norm-gamma=0.1",                                   \
                 "label=gamma 1;init=identity;norm-gamma=1",                                       \
                 "label=gamma 0.1, orthogonal;init=orthogonal;norm-gamma=0.1;steps=1",             \
                 "label=gamma 1, orthogonal;init=orthogonal;norm-gamma=1;steps=1"},                \
     .seeds = count,                                                                               \
     .check = {{"decades a step, gamma 1 less gamma 0.1", "well below 0", EXPERIMENT_SLOPE, "gamma 1", \
                "gamma 0.1", BETWEEN(-1, -0.01), 0},                                               \
               {"decades a step, gamma 1", "vanishes", EXPERIMENT_SLOPE, "gamma 1", NULL,          \
                BETWEEN(-1, -0.008), 0},                                                           \
               {"decades a step, gamma 0.1", "nearly constant", EXPERIMENT_SLOPE, "gamma 0.1", NULL, \
                BETWEEN(-0.01, 0.01), 0},                                                          \
               {"the same difference from an orthogonal start", "", EXPERIMENT_SLOPE,              \
                "gamma 1, orthogonal", "gamma 0.1, orthogonal", BETWEEN(0, 1), 0},                 \
               {"gamma 0.1, trained: squared error over that of guessing", "learns", EXPERIMENT_BASELINE, \
                "gamma 0.1", NULL, AT_MOST(0.9), 0}},                                              \
     __VA_ARGS__}

const experiment experiment_cooijmans2016_norm = {
    .name = "cooijmans2016-norm",
    .paper = "Cooijmans et al. (2016), Recurrent batch normalization",
    .claim = "In a batch-normalised tanh network the gradient through time vanishes sooner where the gain "
             "gamma starts at 1 than where it starts at 0.1.",
    .published = "figure 1 of the source: with gamma = 1 the gradient vanishes, with 0.1 it keeps its size",
    .note = "Measured is the gradient that training sees, of the whole batch's loss and through each step's "
            "statistics. The claim depends on the source's start, the identity: there each unit feeds itself, "
            "and normalising to gamma = 1 drives its samples to two saturated clusters. Where a random or "
            "orthogonal matrix mixes the units the order is the other way round, as the last row shows: a step "
            "then multiplies by about gamma/sd(h) times the mean slope of tanh, and the input takes a share.",
    .full = NORM("4 minutes", "300", "300", 5, .part = NULL),
    .quick = NORM("1 minute", "100", "300", 4, .part = "Gradients over 100 steps instead of 300."),
};
/* clang-format on */
