#include "lab/experiment_settings.h"

/* clang-format off */
/* The source's start is the identity; loss, batch and units are as in its program. The last row sees to it that what is
 * compared learns at all. */
#define NORM(about, says, length, count, ...)                                                            \
    {.time = about, .part = says, .through = true,                                                               \
     .here = "adding over " length " steps instead of pixels; trained over 20 steps by Adam, 500 updates", \
     .common = "task=adding:length=" length ";layers=1;hidden=100;batch=100;cell=rnn;clip-norm=1;lr=0.001;" \
               "norm=recurrent-batch;steps=1",                                                     \
     .variant = {"label=gamma 0.1;init=identity;norm-gamma=0.1",                                   \
                 "label=gamma 1;init=identity;norm-gamma=1",                                       \
                 "label=gamma 0.1, orthogonal;init=orthogonal;norm-gamma=0.1",                     \
                 "label=gamma 1, orthogonal;init=orthogonal;norm-gamma=1",                         \
                 "label=trained;init=identity;norm-gamma=1;task=adding:length=20;steps=500"},      \
     .seeds = count,                                                                               \
     .check = {{"decades a step, gamma 1 less gamma 0.1", "well below 0", EXPERIMENT_SLOPE, "gamma 1", \
                "gamma 0.1", BETWEEN(-1, -0.01), 0},                                               \
               {"decades a step, gamma 0.1", "nearly constant", EXPERIMENT_SLOPE, "gamma 0.1", NULL, \
                BETWEEN(-0.005, 0.04), 0},                                                         \
               {"the same difference from an orthogonal start", "", EXPERIMENT_SLOPE,              \
                "gamma 1, orthogonal", "gamma 0.1, orthogonal", BETWEEN(0, 1), 0},                 \
               {"trained over 20 steps, squared error over that of guessing", "learns",            \
                EXPERIMENT_BASELINE, "trained", NULL, AT_MOST(0.7), 0},                            \
               __VA_ARGS__}}
#define VANISHES                                                                                   \
    {"decades a step, gamma 1", "vanishes", EXPERIMENT_SLOPE, "gamma 1", NULL, BETWEEN(-1, -0.002), 0}

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
    .full = NORM("2 minutes", NULL, "300", 8, VANISHES),
    .quick = NORM("30 s",
                  "The difference between the gradients over 100 steps, not that the one of gamma = 1 "
                  "vanishes over 300.",
                  "100", 8, {0}),
};
/* clang-format on */
