#ifndef UNROLL_LAB_EXPERIMENT_SETTINGS_H
#define UNROLL_LAB_EXPERIMENT_SETTINGS_H
#include "lab/experiment.h"

/* What the settings of several experiments share. They are this program's own: Adam, fresh samples in each update, 32 of
 * them, gradients clipped to norm 1, 64 units, unless an experiment says otherwise. */

#define AT_LEAST EXPERIMENT_AT_LEAST
#define AT_MOST EXPERIMENT_AT_MOST
#define OURS "layers=1;hidden=64;batch=32;clip-norm=1;"
#define TANH "label=tanh;cell=rnn;init=xavier;lr=0.001"

/* Toy sentences of 5 to 30 words, their clauses' verbs last. Lengths stand for their bucket of six. */
#define TOY "task=toy-translation;layers=1;batch=32;clip-norm=1;"
#define TRANSLATE TOY "hidden=128;embedding=32;lr=0.002;"
#define RNN "cell=rnn;init=xavier;lr=0.001"
#endif
