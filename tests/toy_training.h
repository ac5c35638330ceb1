#ifndef TESTS_TOY_TRAINING_H
#define TESTS_TOY_TRAINING_H
#include <unroll/train.h>

#include "task/task.h"

/* Trainings on a toy task: a short pattern with some noise, cut into windows that carry their state. */

enum { T = 6, B = 5, SYMBOLS = 4, EPOCH = 8, EVAL_T = 7, EVAL_B = 2 };

typedef struct toy {
    unroll_task task;
    uint64_t at;                  /* training batches handed out */
    bool again;                   /* always the first one */
    uint64_t noise;               /* one symbol in so many is random; 0: none */
    uint64_t bad_from, bad_until; /* batches with a NaN among their features */
    size_t eval_batches;
    uint32_t input[64], target[64];
    unroll_real feature[64 * SYMBOLS];
} toy;

/** As unroll_task.eval: windows of 7 steps, the last of 3. */
unroll_status toy_eval(void *self, enum unroll_split split, uint64_t i, unroll_batch *out,
                       bool *more);

/** One training with all it needs. */
typedef struct training {
    toy y;
    unroll_net *net;
    unroll_learning learning;
    unroll_callbacks callbacks;
    unroll_trainer *trainer;
    /* what the callbacks saw */
    size_t steps, evaluations, clipped, skipped;
    uint64_t stop_at;     /* step at which stop() says so; 0: never */
    unroll_status answer; /* of step() */
    unroll_progress last;
    unroll_evaluation evaluation;
    double lr[64];
    char message[256];
    unsigned long allocations; /* from the first step to the last */
    unsigned long first_allocations;
} training;

extern training one, two;

void prepare(training *g); /**< the task, and options of a short run, to be changed before begin() */
/** Initialised; begin() makes an LSTM where there is none. */
void make_net(training *g, const char *cell, double dropout, uint64_t seed);
void begin(training *g);
/** Until it stops, and for that reason, or the calling test fails. */
unroll_status run(training *g, enum unroll_stop expected);
void finish(training *g);
/** begin(), and run() without an error. */
void train_until(training *g, enum unroll_stop expected);
/** Updates that change next to nothing. */
void stand_still(training *g);
/** A fixture for tests of one training. */
void prepare_one(void);
void finish_one(void);

/** A trainer's state: everything that is visited, as bytes. */
typedef struct image {
    char bytes[1 << 18];
    size_t length;
    bool restore;
    const char *without; /* names that are left out */
} image;

extern image image_one, image_two;

void save(training *g, image *m, const char *without); /**< NULL: all */
void restore(training *g, image *m);
void same(const image *a, const image *b); /**< or the calling test fails */
#endif
