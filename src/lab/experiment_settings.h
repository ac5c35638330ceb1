#ifndef UNROLL_LAB_EXPERIMENT_SETTINGS_H
#define UNROLL_LAB_EXPERIMENT_SETTINGS_H
#include <math.h>

#include "lab/experiment.h"

/* What the settings of several experiments share. They are this program's own: Adam, fresh samples in each update, 32 of
 * them, gradients clipped to norm 1, 64 units, unless an experiment says otherwise. */

/* Bounds of a check. One that a network passes which learns nothing, or which diverges, tests nothing by itself: each
 * setting also has checks that a variant learns. */
#define AT_LEAST(x) x, INFINITY
#define AT_MOST(x) -INFINITY, x
#define BETWEEN(x, y) x, y
/* Shares of seeds. The Wilson interval of four out of five begins at 0.376, that of none of four ends at 0.490. */
#define SOLVED AT_LEAST(0.35)
#define NOT_SOLVED AT_MOST(0.5)
#define OURS "layers=1;hidden=64;batch=32;clip-norm=1;"
#define TANH "label=tanh;cell=rnn;init=xavier;lr=0.001"

/* Toy sentences of 5 to 30 words, their clauses' verbs last. Lengths stand for their bucket of six. */
#define TOY "task=toy-translation;layers=1;batch=32;clip-norm=1;"
#define TRANSLATE TOY "hidden=128;embedding=32;lr=0.002;"
#define RNN "cell=rnn;init=xavier;lr=0.001"
#endif
