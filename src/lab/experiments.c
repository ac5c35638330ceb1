/* The one list of published experiments. Settings are ours: Adam, fresh samples in each update,
 * 32 of them, gradients clipped to norm 1, 64 units, unless a row says otherwise. A bound leaves
 * room for other seeds. */
#include "lab/experiments.h"

#define AT_LEAST EXPERIMENT_AT_LEAST
#define AT_MOST EXPERIMENT_AT_MOST
#define OURS "layers=1;hidden=64;batch=32;clip-norm=1;"
#define TANH "label=tanh;cell=rnn;init=xavier;lr=0.001"
/* Gradients that explode: a recurrent matrix of spectral radius above 1.5, plain descent. */
#define LARGE "cell=rnn;init=xavier;init-scale=1.75;optimizer=sgd;lr=1;steps=300"

#define LATCH "task=latch;layers=1;hidden=16;batch=32;clip-norm=1;optimizer=sgd;lr=0.1;cell=rnn;steps=4000"
#define LATCH_CHECKS                                                                               \
    {{"delay 5, share solved", "solved", EXPERIMENT_SOLVED, "small start, delay=5", NULL, AT_LEAST, 1, 0}, \
     {"delay 40, accuracy: chance is 0.5", "mostly fails", EXPERIMENT_ACCURACY,                    \
      "small start, delay=40", NULL, AT_MOST, 0.65, 0},                                            \
     {"share solved, delay 5 less delay 40", "falls with the delay", EXPERIMENT_SOLVED,            \
      "small start, delay=5", "small start, delay=40", AT_LEAST, 0.6, 0},                          \
     {"fresh net, decades a step", "the gradient vanishes", EXPERIMENT_SLOPE,                      \
      "small start, delay=40", NULL, AT_MOST, -0.05, 0}}

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

/* Their start is the identity; loss, batch and units as in their program. */
#define NORM(about, length, count)                                                                 \
    {.time = about, .through = true,                                                               \
     .common = "task=adding:length=" length ";layers=1;hidden=100;batch=100;cell=rnn;steps=1;"     \
               "norm=recurrent-batch",                                                             \
     .variant = {"label=gamma 0.1;init=identity;norm-gamma=0.1",                                   \
                 "label=gamma 1;init=identity;norm-gamma=1",                                       \
                 "label=gamma 0.1, orthogonal;init=orthogonal;norm-gamma=0.1",                     \
                 "label=gamma 1, orthogonal;init=orthogonal;norm-gamma=1"},                        \
     .seeds = count,                                                                               \
     .check = {{"decades a step, gamma 1 less gamma 0.1", "well below 0", EXPERIMENT_SLOPE, "gamma 1", \
                "gamma 0.1", AT_MOST, -0.01, 0},                                                   \
               {"decades a step, gamma 1", "vanishes", EXPERIMENT_SLOPE, "gamma 1", NULL, AT_MOST, \
                -0.008, 0},                                                                        \
               {"decades a step, gamma 0.1", "nearly constant", EXPERIMENT_SLOPE, "gamma 0.1", NULL, \
                AT_LEAST, -0.005, 0},                                                              \
               {"the same difference from an orthogonal start", "", EXPERIMENT_SLOPE,              \
                "gamma 1, orthogonal", "gamma 0.1, orthogonal", AT_LEAST, 0, 0}}}

#define SATURATION(about, steps, count)                                                            \
    {.time = about, .common = "task=char;cell=lstm;layers=2;hidden=128;batch=50;seq-length=50;" steps, \
     .variant = {"label=LSTM;forget-bias=1"}, .seeds = count,                                      \
     .check = {{"first layer, forget gates above 0.9, share", "", EXPERIMENT_FORGET_OPEN, "LSTM", NULL, \
                AT_LEAST, 0.05, 0},                                                                \
               {"last layer, forget gates above 0.9, share", "many", EXPERIMENT_FORGET_OPEN, "LSTM", NULL, \
                AT_LEAST, 0.05, 1},                                                                \
               {"last layer, forget gates below 0.1, share", "hardly any", EXPERIMENT_FORGET_SHUT, "LSTM", \
                NULL, AT_MOST, 0.1, 1},                                                            \
               {"gates that are nearly shut or open, last layer less first", "above 0",            \
                EXPERIMENT_GATES_RISE, "LSTM", NULL, AT_LEAST, 0, 0}}}

/* Toy sentences of 5 to 30 words, their clauses' verbs last. Lengths stand for their bucket of six. */
#define TOY "task=toy-translation;layers=1;batch=32;clip-norm=1;"
#define TRANSLATE TOY "hidden=128;embedding=32;lr=0.002;"
#define RNN "cell=rnn;init=xavier;lr=0.001"

const experiment experiment_table[] = {
    {.name = "bengio1994-latch",
     .source = "Bengio, Simard and Frasconi (1994), Learning long-term dependencies with gradient descent is "
               "difficult",
     .claim = "Gradient descent from small weights learns to hold a bit over a few steps of noise, and fails "
              "as they become more.",
     .published = "the share of successful trainings falls with the length, from nearly all at a few steps to "
                  "few at some dozens",
     .full = {.time = "2 minutes", .common = LATCH, .variant = {"label=small start;init=uniform"},
              .sweep = "delay=5,10,20,40,80", .seeds = 5, .until_solved = true,
              .check = LATCH_CHECKS},
     .quick = {.time = "20 s", .common = LATCH, .variant = {"label=small start;init=uniform"},
               .sweep = "delay=5,10,20,40", .seeds = 3, .until_solved = true,
               .check = LATCH_CHECKS}},

    {.name = "hochreiter1997-copy",
     .source = "Hochreiter and Schmidhuber (1997), Long short-term memory, experiment 2a",
     .claim = "A gated state carries one symbol over 100 steps; a plain recurrent network cannot.",
     .published = "delay 100: back-propagation through time solves it in 0% of trials, the LSTM in 100%, "
                  "after 5,040 sequences",
     .here = "8 symbols, Adam, batches of 32; a delay of 50 with --quick",
     .note = "The LSTM of the source has no forget gate. This one learns later than the GRU: with seeds 1 to 5 the "
             "mean accuracy is 0.83 after 4,000 updates, and two of the five have solved the task.",
     .full = {.time = "14 minutes",
              .common = "task=copy:delay=100,length=1,symbols=8;" OURS "steps=4000",
              .variant = {TANH, "label=LSTM chrono;cell=lstm;forget-bias=chrono:100;lr=0.003",
                          "label=GRU chrono;cell=gru;forget-bias=chrono:100;lr=0.003"},
              .seeds = 5, .until_solved = true,
              .check = {{"tanh, accuracy: chance is 0.125", "0% of trials solved",
                         EXPERIMENT_ACCURACY, "tanh", NULL, AT_MOST, 0.2, 0},
                        {"LSTM, chrono bias, accuracy", "100% of trials solved",
                         EXPERIMENT_ACCURACY, "LSTM chrono", NULL, AT_LEAST, 0.5, 0},
                        {"GRU, chrono bias, accuracy", "",
                         EXPERIMENT_ACCURACY, "GRU chrono", NULL, AT_LEAST, 0.99, 0}}},
     .quick = {.time = "40 s",
               .common = "task=copy:delay=50,length=1,symbols=8;" OURS "steps=2500",
               .variant = {TANH, "label=LSTM chrono;cell=lstm;forget-bias=chrono:50;lr=0.003",
                           "label=GRU chrono;cell=gru;forget-bias=chrono:50;lr=0.003"},
               .seeds = 1, .until_solved = true,
               .check = {{"tanh, delay 50, accuracy: chance is 0.125", "0% of trials solved at 100",
                          EXPERIMENT_ACCURACY, "tanh", NULL, AT_MOST, 0.25, 0},
                         {"LSTM, chrono bias, delay 50, accuracy", "100% of trials solved at 100",
                          EXPERIMENT_ACCURACY, "LSTM chrono", NULL, AT_LEAST, 0.5, 0},
                         {"GRU, chrono bias, accuracy", "",
                          EXPERIMENT_ACCURACY, "GRU chrono", NULL, AT_LEAST, 0.99, 0}}}},

    {.name = "hochreiter1997-adding",
     .source = "Hochreiter and Schmidhuber (1997), Long short-term memory, experiment 4",
     .claim = "An LSTM adds two numbers that stand far apart; a plain recurrent network learns the mean.",
     .published = "length 100: 1 of 2,560 test sums wrong (error above 0.04) after 74,000 sequences",
     .full = {.time = "15 minutes",
              .common = "task=adding:length=100;" OURS "steps=4000",
              .variant = {TANH, "label=LSTM;cell=lstm;forget-bias=1;lr=0.003"},
              .seeds = 5, .until_solved = true,
              .check = {{"tanh, squared error: guessing has 0.167", "", EXPERIMENT_LOSS, "tanh", NULL,
                         AT_LEAST, 0.15, 0},
                        {"LSTM, squared error", "1 of 2,560 sums wrong by 0.04", EXPERIMENT_LOSS,
                         "LSTM", NULL, AT_MOST, 0.01, 0}}},
     .quick = {.time = "50 s",
               .common = "task=adding:length=60;" OURS "steps=2000",
               .variant = {TANH, "label=LSTM;cell=lstm;forget-bias=1;lr=0.005"},
               .seeds = 1, .until_solved = true,
               .check = {{"tanh, length 60, squared error: guessing has 0.167", "",
                          EXPERIMENT_LOSS, "tanh", NULL, AT_LEAST, 0.12, 0},
                         {"LSTM, squared error", "1 of 2,560 sums wrong by 0.04", EXPERIMENT_LOSS,
                          "LSTM", NULL, AT_MOST, 0.012, 0}}}},

    {.name = "pascanu2013-temporal-order",
     .source = "Pascanu, Mikolov and Bengio (2013), On the difficulty of training recurrent neural networks",
     .claim = "How far apart two symbols may stand to be told in order depends on how a network starts; "
              "clipping helps where gradients explode, and does not cure vanishing ones.",
     .published = "plain gradient descent fails beyond about 20 steps; clipping helps where gradients "
                  "explode; with clipping and the regulariser 100% success up to 200",
     .note = "Small start: N(0, 0.01), the source's basic tanh. From it the regulariser Omega (--omega) solves "
             "length 50 sooner and begins to learn length 100, which stays at chance without; but within these "
             "4,000 updates it does not solve it. Large start: Xavier x 1.75 with plain gradient descent, so that "
             "gradients explode; a run that ends above 2.5 times the loss of guessing has diverged. The source "
             "trains up to millions of updates on lengths drawn from 50 to 200.",
     .full = {.time = "35 minutes",
              .common = "task=temporal-order;" OURS "steps=4000",
              .variant = {TANH, "label=sigmoid;cell=rnn;activation=sigmoid;init=xavier;lr=0.001",
                          "label=tanh, not clipped;cell=rnn;init=xavier;lr=0.001;clip-norm=0",
                          "label=tanh, orthogonal;cell=rnn;init=orthogonal;lr=0.0003",
                          "label=LSTM chrono;cell=lstm;forget-bias=chrono:100;lr=0.003",
                          "label=tanh, small;cell=rnn;init=normal;init-scale=0.8;lr=0.001",
                          "label=tanh, small, Omega;cell=rnn;init=normal;init-scale=0.8;lr=0.001;omega=2",
                          "label=tanh, large, SGD;" LARGE,
                          "label=tanh, large, SGD, not clipped;clip-norm=0;" LARGE},
              .sweep = "length=20,50,100", .seeds = 3, .until_solved = true,
              .check = {{"tanh (Xavier), length 50, share solved", "fails beyond about 20",
                         EXPERIMENT_SOLVED, "tanh, length=50", NULL, AT_LEAST, 0.6, 0},
                        {"tanh (Xavier), length 100, accuracy: chance is 0.25", "fails",
                         EXPERIMENT_ACCURACY, "tanh, length=100", NULL, AT_MOST, 0.35, 0},
                        {"not clipped, length 100, accuracy", "fails", EXPERIMENT_ACCURACY,
                         "tanh, not clipped, length=100", NULL, AT_MOST, 0.35, 0},
                        {"sigmoid, length 50, accuracy", "fails", EXPERIMENT_ACCURACY,
                         "sigmoid, length=50", NULL, AT_MOST, 0.35, 0},
                        {"orthogonal start, length 100, share solved", "100% with the regulariser",
                         EXPERIMENT_SOLVED, "tanh, orthogonal, length=100", NULL, AT_LEAST, 0.6, 0},
                        {"small start with Omega, length 50, share solved", "100% with the regulariser",
                         EXPERIMENT_SOLVED, "tanh, small, Omega, length=50", NULL, AT_LEAST, 1, 0},
                        {"updates until solved, length 50, with Omega less without", "Omega is better",
                         EXPERIMENT_STEPS, "tanh, small, Omega, length=50", "tanh, small, length=50",
                         AT_MOST, -200, 0},
                        {"accuracy, length 100, with Omega less without", "100% solved with it", EXPERIMENT_ACCURACY,
                         "tanh, small, Omega, length=100", "tanh, small, length=100", AT_LEAST, 0.1, 0},
                        {"LSTM chrono, length 100, share solved", "", EXPERIMENT_SOLVED,
                         "LSTM chrono, length=100", NULL, AT_LEAST, 0.6, 0},
                        {"explodes, clipped, length 20, share that diverged", "clipping helps",
                         EXPERIMENT_DIVERGED, "tanh, large, SGD, length=20", NULL, AT_MOST, 0.4, 0},
                        {"share that diverged, not clipped less clipped", "above 0",
                         EXPERIMENT_DIVERGED, "tanh, large, SGD, not clipped, length=20",
                         "tanh, large, SGD, length=20", AT_LEAST, 0.6, 0}}},
     .quick = {.time = "1 minute",
               .common = "task=temporal-order;" OURS "steps=2500",
               .variant = {TANH, "label=sigmoid;cell=rnn;activation=sigmoid;init=xavier;lr=0.001",
                           "label=tanh, large, SGD;" LARGE,
                           "label=tanh, large, SGD, not clipped;clip-norm=0;" LARGE},
               .sweep = "length=20,100", .seeds = 1, .until_solved = true,
               .check = {{"tanh (Xavier), length 20, share solved", "solved up to about 20",
                          EXPERIMENT_SOLVED, "tanh, length=20", NULL, AT_LEAST, 1, 0},
                         {"tanh (Xavier), length 100, accuracy: chance is 0.25", "fails",
                          EXPERIMENT_ACCURACY, "tanh, length=100", NULL, AT_MOST, 0.35, 0},
                         {"sigmoid, length 20, accuracy", "fails", EXPERIMENT_ACCURACY,
                          "sigmoid, length=20", NULL, AT_MOST, 0.5, 0},
                         {"explodes, clipped, length 20, share that diverged", "clipping helps",
                          EXPERIMENT_DIVERGED, "tanh, large, SGD, length=20", NULL, AT_MOST, 0, 0},
                         {"share that diverged, not clipped less clipped", "above 0",
                          EXPERIMENT_DIVERGED, "tanh, large, SGD, not clipped, length=20",
                          "tanh, large, SGD, length=20", AT_LEAST, 1, 0}}}},

    {.name = "le2015-irnn",
     .source = "Le, Jaitly and Hinton (2015), A simple way to initialize recurrent networks of rectified "
               "linear units",
     .claim = "Rectified units that start as the identity carry gradients unchanged, and learn to add where "
              "tanh units do not.",
     .published = "adding, length 150: the IRNN reaches a squared error near 0, tanh units stay at 0.167",
     .here = "64 units, Adam; length 100 with --quick",
     .full = {.time = "6 minutes",
              .common = "task=adding:length=150;" OURS "steps=6000;lr=0.002",
              .variant = {"label=IRNN;cell=rnn;activation=relu;init=identity",
                          "label=tanh;cell=rnn"},
              .seeds = 3, .until_solved = true,
              .check = {{"IRNN, squared error", "near 0", EXPERIMENT_LOSS, "IRNN", NULL, AT_MOST, 0.05, 0},
                        {"tanh, squared error: guessing has 0.167", "0.167", EXPERIMENT_LOSS, "tanh",
                         NULL, AT_LEAST, 0.14, 0},
                        {"fresh IRNN, decades a step", "", EXPERIMENT_SLOPE, "IRNN", NULL, AT_LEAST,
                         -0.002, 0},
                        {"fresh tanh, decades a step", "", EXPERIMENT_SLOPE, "tanh", NULL, AT_MOST,
                         -0.01, 0}}},
     .quick = {.time = "1 minute",
               .common = "task=adding:length=100;" OURS "steps=2500;lr=0.002",
               .variant = {"label=IRNN;cell=rnn;activation=relu;init=identity",
                           "label=tanh;cell=rnn"},
               .seeds = 1, .until_solved = true,
               .check = {{"IRNN, squared error", "near 0", EXPERIMENT_LOSS, "IRNN", NULL,
                          AT_MOST, 0.05, 0},
                         {"tanh, squared error: guessing has 0.167", "0.167", EXPERIMENT_LOSS, "tanh",
                          NULL, AT_LEAST, 0.14, 0},
                         {"fresh IRNN, decades a step", "", EXPERIMENT_SLOPE, "IRNN", NULL, AT_LEAST,
                          -0.002, 0},
                         {"fresh tanh, decades a step", "", EXPERIMENT_SLOPE, "tanh", NULL, AT_MOST,
                          -0.01, 0}}}},

    {.name = "arjovsky2016-copy",
     .source = "Arjovsky, Shah and Bengio (2016), Unitary evolution recurrent neural networks",
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
                          NULL, AT_LEAST, 0.9, 0}}}},

    {.name = "jozefowicz2015-forget-bias",
     .source = "Jozefowicz, Zaremba and Sutskever (2015), An empirical exploration of recurrent network "
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
                          "forget bias 2", "forget bias 1", AT_LEAST, 0.3, 50}}}},

    {.name = "tallec2018-chrono",
     .source = "Tallec and Ollivier (2018), Can recurrent neural networks warp time?",
     .claim = "Gate biases drawn for the time scale of the task learn long dependencies sooner than constant "
              "ones.",
     .published = "copying over 500 and 2,000 steps and adding over 200 and 750: chrono biases learn, "
                  "constant ones learn late or stay at the baseline",
     .here = "a GRU, one symbol over 100 steps; 50 with --quick",
     .full = {.time = "20 minutes",
              .common = "task=copy:delay=100,length=1,symbols=8;" OURS "cell=gru;steps=3000;lr=0.003",
              .variant = {"label=constant", "label=chrono;forget-bias=chrono:100"},
              .seeds = 5, .until_solved = true,
              .check = {{"chrono, accuracy", "learns", EXPERIMENT_ACCURACY, "chrono", NULL, AT_LEAST,
                         0.99, 0},
                        {"updates until solved, chrono less constant", "sooner", EXPERIMENT_STEPS,
                         "chrono", "constant", AT_MOST, -100, 0},
                        {"fresh, chrono over constant at distance 100, decades", "",
                         EXPERIMENT_DECADES, "chrono", "constant", AT_LEAST, 2, 100}}},
     .quick = {.time = "50 s",
               .common = "task=copy:delay=50,length=1,symbols=8;" OURS "cell=gru;steps=2000;lr=0.003",
               .variant = {"label=constant", "label=chrono;forget-bias=chrono:50"},
               .seeds = 1, .until_solved = true,
               .check = {{"chrono, delay 50, accuracy", "learns", EXPERIMENT_ACCURACY, "chrono", NULL,
                          AT_LEAST, 0.99, 0},
                         {"updates until solved, chrono less constant", "sooner", EXPERIMENT_STEPS,
                          "chrono", "constant", AT_MOST, -100, 0},
                         {"fresh, chrono over constant at distance 50, decades", "",
                          EXPERIMENT_DECADES, "chrono", "constant", AT_LEAST, 2, 50}}}},

    {.name = "depth",
     .source = "the common figure of vanishing gradients; Glorot and Bengio (2010); He et al. (2015, 2016)",
     .claim = "Through a stack of 16 layers sigmoid units lose the gradient, normalised or not; tanh and rectified "
              "units with a fitting start, and all units with residual connections, keep it.",
     .published = "sigmoid' is at most 1/4, so each layer divides the gradient by four and more",
     .note = "Decades of the gradient at the first layer over that at the last. With He's full start each "
             "residual layer of rectified units adds as much again, and the gradient grows on its way down; "
             "scaled: by 1/sqrt(16 layers). Layer normalisation alone changes no sigmoid's slope, and through "
             "tanh and rectified units costs a decade or two.",
     .full = DEPTH("2 s", 5),
     .quick = DEPTH("1 s", 2)},

    {.name = "cooijmans2016-norm",
     .source = "Cooijmans et al. (2016), Recurrent batch normalization",
     .claim = "In a batch-normalised tanh network the gradient through time vanishes sooner where the gain "
              "gamma starts at 1 than where it starts at 0.1.",
     .published = "their figure 1: with gamma = 1 the gradient vanishes, with 0.1 it keeps its size",
     .note = "Measured is the gradient that training sees, of the whole batch's loss and through each step's "
             "statistics. The claim depends on the source's start, the identity: there each unit feeds itself, "
             "and normalising to gamma = 1 drives its samples to two saturated clusters. Where a random or "
             "orthogonal matrix mixes the units the order is the other way round, as the last row shows: a step "
             "then multiplies by about gamma/sd(h) times the mean slope of tanh, and the input takes a share.",
     .full = NORM("1 minute", "300", 5),
     .quick = NORM("10 s", "100", 3)},

    {.name = "karpathy2015-saturation",
     .source = "Karpathy, Johnson and Fei-Fei (2015), Visualizing and understanding recurrent networks",
     .claim = "In a trained character model many forget gates stay open, so that cells remember, and few stay "
              "shut; the first layer's gates saturate less than a higher one's.",
     .published = "many forget gates open for much of the time, hardly any shut throughout; activations of the "
                  "first layer far more diffuse",
     .full = SATURATION("5 minutes", "steps=3000", 3),
     .quick = SATURATION("40 s", "steps=500", 1)},

    {.name = "cho2014-length",
     .source = "Cho, van Merrienboer, Bahdanau and Bengio (2014), On the properties of neural machine "
               "translation: encoder-decoder approaches; Bahdanau, Cho and Bengio (2015) for attention",
     .claim = "An encoder-decoder that keeps a whole sentence in one state translates short sentences well and "
              "long ones badly, a plain network sooner than a gated one; attention keeps the long ones.",
     .published = "BLEU falls steadily with the length of the sentence; with attention it hardly falls up to 50 "
                  "words",
     .note = "Toy pairs: English to German whose subordinate clauses end in their verb, nothing held out was "
             "trained on. The lengths are those of the source in words.",
     .full = {.time = "20 minutes",
              .common = TRANSLATE "steps=4000",
              .variant = {"label=tanh;" RNN, "label=GRU;cell=gru", "label=LSTM;cell=lstm",
                          "label=tanh, attention;attention=additive;" RNN,
                          "label=GRU, attention;attention=additive;cell=gru",
                          "label=LSTM, attention;attention=additive;cell=lstm"},
              .seeds = 3,
              .check = {{"tanh, 13-18 words, exact", "falls", EXPERIMENT_EXACT, "tanh", NULL, AT_MOST, 0.1,
                         15},
                        {"GRU, 1-6 words, exact", "short ones well", EXPERIMENT_EXACT, "GRU", NULL, AT_LEAST,
                         0.95, 5},
                        {"GRU, 19-24 words, exact", "falls", EXPERIMENT_EXACT, "GRU", NULL, AT_MOST, 0.2, 20},
                        {"GRU, 19-24 words, BLEU with attention less without", "attention keeps them",
                         EXPERIMENT_BLEU, "GRU, attention", "GRU", AT_LEAST, 30, 20},
                        {"LSTM, 13-18 words, exact, less tanh", "", EXPERIMENT_EXACT, "LSTM", "tanh",
                         AT_LEAST, 0.5, 15},
                        {"LSTM, attention, 19-24 words, exact", "hardly falls", EXPERIMENT_EXACT,
                         "LSTM, attention", NULL, AT_LEAST, 0.95, 20}}},
     .quick = {.time = "90 s",
               .common = TOY "hidden=64;embedding=32;lr=0.004;steps=1500",
               .variant = {"label=tanh;" RNN, "label=GRU;cell=gru",
                           "label=GRU, attention;attention=additive;cell=gru"},
               .seeds = 1,
               .check = {{"tanh, 13-18 words, exact", "falls", EXPERIMENT_EXACT, "tanh", NULL, AT_MOST, 0.1,
                          15},
                         {"GRU, 19-24 words, exact", "falls", EXPERIMENT_EXACT, "GRU", NULL, AT_MOST, 0.2,
                          20},
                         {"GRU, attention, 19-24 words, exact", "hardly falls", EXPERIMENT_EXACT,
                          "GRU, attention", NULL, AT_LEAST, 0.9, 20}}}},

    {.name = "sutskever2014-reversal",
     .source = "Sutskever, Vinyals and Le (2014), Sequence to sequence learning with neural networks",
     .claim = "Reading the source from its end brings its first words near the first words of the translation, "
              "and an encoder-decoder learns long sentences better.",
     .published = "test perplexity 5.8 to 4.7, BLEU 25.9 to 30.6, by reversing the source alone",
     .note = "Toy pairs, as in cho2014-length.",
     .full = {.time = "15 minutes",
              .common = TRANSLATE "steps=4000",
              .variant = {"label=tanh;" RNN, "label=tanh, reversed;reverse-source;" RNN,
                          "label=LSTM;cell=lstm", "label=LSTM, reversed;cell=lstm;reverse-source"},
              .seeds = 3,
              .check = {{"tanh, 7-12 words, exact, reversed less not", "", EXPERIMENT_EXACT,
                         "tanh, reversed", "tanh", AT_LEAST, 0.5, 10},
                        {"tanh, 7-12 words, BLEU, reversed less not", "4.7", EXPERIMENT_BLEU,
                         "tanh, reversed", "tanh", AT_LEAST, 20, 10},
                        {"LSTM, 19-24 words, exact, reversed less not", "", EXPERIMENT_EXACT,
                         "LSTM, reversed", "LSTM", AT_LEAST, 0.05, 20},
                        {"LSTM, 19-24 words, BLEU, reversed less not", "4.7", EXPERIMENT_BLEU,
                         "LSTM, reversed", "LSTM", AT_LEAST, 1, 20}}},
     .quick = {.time = "60 s",
               .common = TRANSLATE "steps=4000",
               .variant = {"label=tanh;" RNN, "label=tanh, reversed;reverse-source;" RNN},
               .seeds = 1,
               .check = {{"tanh, 1-6 words, exact, reversed less not", "", EXPERIMENT_EXACT,
                          "tanh, reversed", "tanh", AT_LEAST, 0.4, 5},
                         {"tanh, 7-12 words, BLEU, reversed less not", "4.7", EXPERIMENT_BLEU,
                          "tanh, reversed", "tanh", AT_LEAST, 20, 10}}}},

    {.name = NULL},
};
