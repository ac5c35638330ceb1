/* The trainer on a toy task: a short pattern with some noise, cut into windows that carry their state. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unroll/train.h>

#include "base/memory.h"
#include "base/rng.h"
#include "runner.h"
#include "task/task.h"
#include "work_options.h"

enum { T = 6, B = 5, SYMBOLS = 4, EPOCH = 8, EVAL_T = 7, EVAL_B = 2 };

/* ---- the task ---- */

typedef struct toy {
    unroll_task task;
    uint64_t at;                   /* training batches handed out */
    bool again;                    /* always the first one */
    uint64_t noise;                /* one symbol in so many is random; 0: none */
    uint64_t bad_from, bad_until;  /* batches with a NaN among their features */
    size_t eval_batches;
    uint32_t input[64], target[64];
    unroll_real feature[64 * SYMBOLS];
} toy;

static uint32_t symbol(const toy *y, uint64_t row, uint64_t position)
{
    static const uint32_t pattern[] = {0, 1, 0, 2, 0, 1, 3};
    const uint64_t random = unroll_rng_hash(row, position);
    if (y->noise > 0 && random % y->noise == 0)
        return (uint32_t)(random >> 40) % SYMBOLS;
    return pattern[(position + row) % (sizeof pattern / sizeof *pattern)];
}

static void fill(toy *y, size_t steps, size_t rows, uint64_t first_row, uint64_t position,
                 unroll_batch *out)
{
    memset(y->feature, 0, sizeof y->feature);
    for (size_t t = 0; t < steps; t++)
        for (size_t b = 0; b < rows; b++) {
            const size_t i = t * rows + b;
            y->input[i] = symbol(y, first_row + b, position + t);
            y->target[i] = symbol(y, first_row + b, position + t + 1);
            y->feature[i * SYMBOLS + y->input[i]] = 1;
        }
    *out = (unroll_batch){.T = steps, .B = rows, .carry = position > 0, .target = y->target};
    if (y->task.features)
        out->feature = y->feature;
    else
        out->input = y->input;
}

static unroll_status toy_next(void *self, unroll_batch *out)
{
    toy *y = self;
    fill(y, T, B, 0, y->again ? 0 : y->at % EPOCH * T, out);
    if (y->at >= y->bad_from && y->at < y->bad_until)
        y->feature[(2 * B + 1) * SYMBOLS] = NAN; /* step 2 of row 1 */
    y->at++;
    return UNROLL_OK;
}

/* Windows of 7 steps, the last of 3. */
static unroll_status toy_eval(void *self, enum unroll_split split, uint64_t i, unroll_batch *out,
                              bool *more)
{
    toy *y = self;
    *more = split == UNROLL_VALID && i < y->eval_batches;
    if (*more)
        fill(y, i + 1 < y->eval_batches ? EVAL_T : 3, EVAL_B, 100, i * EVAL_T, out);
    return UNROLL_OK;
}

static void toy_state(void *self, unroll_visit *visit, void *arg)
{
    visit(arg, "toy.at", UNROLL_FIELD_U64, &((toy *)self)->at, 1);
}

static void toy_init(toy *y)
{
    *y = (toy){
        .task = {
            .self = y, .inputs = SYMBOLS, .outputs = SYMBOLS, .batches_per_epoch = EPOCH,
            .tokens_per_batch = T * B, .next = toy_next, .eval = toy_eval, .state = toy_state,
            .train_T = T, .train_B = B, .eval_T = EVAL_T, .eval_B = EVAL_B,
        },
        .noise = 5, .eval_batches = 3,
    };
}

/* ---- one training with all it needs ---- */

typedef struct training {
    toy y;
    unroll_net *net;
    unroll_learning learning;
    unroll_callbacks callbacks;
    unroll_trainer *trainer;
    /* what the callbacks saw */
    size_t steps, evaluations, clipped, skipped;
    uint64_t stop_at;            /* step at which stop() says so; 0: never */
    unroll_status answer;        /* of step() */
    unroll_progress last;
    unroll_evaluation evaluation;
    double lr[64];
    char message[256];
    unsigned long allocations;   /* from the first step to the last */
    unsigned long first_allocations;
} training;

static unroll_status on_step(void *arg, const unroll_progress *p)
{
    training *g = arg;
    if (g->steps == 0)
        g->first_allocations = unroll_alloc_count();
    g->allocations = unroll_alloc_count() - g->first_allocations;
    ck_assert_uint_eq(p->step, unroll_trainer_steps(g->trainer));
    g->steps++;
    g->clipped += p->clip_scale < 1;
    if (p->skipped) {
        g->skipped++;
        strncpy(g->message, unroll_message(), sizeof g->message - 1);
    }
    if (p->step < 64)
        g->lr[p->step] = p->lr;
    g->last = *p;
    return g->answer;
}

static unroll_status on_evaluated(void *arg, const unroll_evaluation *e)
{
    training *g = arg;
    g->evaluations++;
    g->evaluation = *e;
    return UNROLL_OK;
}

static bool on_stop(void *arg)
{
    const training *g = arg;
    return g->stop_at > 0 && unroll_trainer_steps(g->trainer) >= g->stop_at;
}

static void prepare(training *g)
{
    memset(g, 0, sizeof *g);
    toy_init(&g->y);
    unroll_learning_default(&g->learning, sizeof g->learning);
    g->learning.lr = 0.01;
    g->learning.threads = 1;
    g->learning.steps = 20;
    g->callbacks = (unroll_callbacks){sizeof g->callbacks, g, on_step, on_evaluated, on_stop};
}

static void make_net(training *g, const char *cell, double dropout, uint64_t seed)
{
    const unroll_net_spec spec = {
        .size = sizeof spec, .inputs = SYMBOLS, .outputs = SYMBOLS, .features = g->y.task.features,
        .cell = cell,
        .layers = 2, .hidden = 12, .dropout = dropout,
    };
    const unroll_init init = {.size = sizeof init, .kind = "uniform", .scale = 1, .forget_bias = 1,
                              .seed = seed};
    ck_assert_int_eq(unroll_net_new(&spec, &g->net), UNROLL_OK);
    ck_assert_int_eq(unroll_net_init(g->net, &init), UNROLL_OK);
}

static void begin(training *g)
{
    if (g->net == NULL)
        make_net(g, "lstm", 0, 1);
    ck_assert_int_eq(
        unroll_trainer_new(g->net, &g->y.task, &g->learning, &g->callbacks, &g->trainer), UNROLL_OK);
}

static unroll_status run(training *g, enum unroll_stop expected)
{
    enum unroll_stop why;
    const unroll_status status = unroll_trainer_run(g->trainer, &why);
    ck_assert_str_eq(unroll_stop_name(why), unroll_stop_name(expected));
    return status;
}

static void finish(training *g)
{
    unroll_trainer_free(g->trainer);
    unroll_net_free(g->net);
    g->trainer = NULL;
    g->net = NULL;
}

/* ---- states: everything that is visited, as bytes ---- */

typedef struct image {
    char bytes[1 << 18];
    size_t length;
    bool restore;
    const char *without; /* names that are left out */
} image;

static void visit(void *arg, const char *name, enum unroll_field_kind kind, void *data, size_t count)
{
    image *m = arg;
    const size_t n = count * (kind == UNROLL_FIELD_REAL ? sizeof(unroll_real) : 8);
    if (m->without != NULL && strstr(m->without, name) != NULL)
        return;
    ck_assert(m->length + n <= sizeof m->bytes);
    if (m->restore)
        memcpy(data, m->bytes + m->length, n);
    else
        memcpy(m->bytes + m->length, data, n);
    m->length += n;
}

static void save(training *g, image *m, const char *without)
{
    memset(m, 0, sizeof *m);
    m->without = without;
    unroll_trainer_state(g->trainer, visit, m);
}

static void restore(training *g, image *m)
{
    const size_t length = m->length;
    m->restore = true;
    m->length = 0;
    unroll_trainer_state(g->trainer, visit, m);
    ck_assert_uint_eq(m->length, length);
    unroll_trainer_restored(g->trainer);
}

static void same(const image *a, const image *b)
{
    ck_assert_uint_gt(a->length, 1000);
    ck_assert_uint_eq(a->length, b->length);
    ck_assert(memcmp(a->bytes, b->bytes, a->length) == 0);
}

static training one, two;
static image image_one, image_two;

/* ---- tests ---- */

/* The pattern's unigram entropy is 1.277 nats; whoever has learnt its order loses next to nothing. */
START_TEST(learns_a_pattern)
{
    prepare(&one);
    one.y.noise = 0;
    one.learning.steps = 300;
    begin(&one);
    ck_assert_int_eq(run(&one, UNROLL_STOP_STEPS), UNROLL_OK);
    ck_assert_double_lt(one.last.loss, 0.3);
    ck_assert_double_gt(one.last.accuracy, 0.9);
    ck_assert_double_lt(one.evaluation.loss, 0.5);
    ck_assert_double_eq_tol(one.evaluation.bits, one.evaluation.loss / log(2), 1e-12);
    ck_assert_double_le(unroll_trainer_best_loss(one.trainer), one.evaluation.loss);
    ck_assert_double_gt(unroll_trainer_median_rate(one.trainer), 0);
    ck_assert_double_eq(one.last.tokens, T * B);
    finish(&one);
}
END_TEST

static const char *const optimizers[] = {"sgd",     "momentum", "nesterov", "adagrad",
                                         "rmsprop", "adam",     "adamw"};

START_TEST(threads_change_no_bit)
{
    for (size_t threads = 1; threads <= 3; threads++) {
        prepare(&one);
        one.learning.optimizer = optimizers[_i];
        one.learning.threads = threads;
        one.learning.steps = 10;
        one.learning.clip_value = 0.05;
        one.learning.clip_norm = 0.2;
        make_net(&one, "gru", 0.3, 1);
        begin(&one);
        ck_assert_int_eq(run(&one, UNROLL_STOP_STEPS), UNROLL_OK);
        ck_assert_uint_gt(one.clipped, 0);
        save(&one, threads == 1 ? &image_one : &image_two, NULL);
        if (threads > 1)
            same(&image_one, &image_two);
        finish(&one);
    }
}
END_TEST

/* Interrupted in mid-epoch, at a step whose evaluation is due, just after it, and between two evaluations of
 * a plateau: with so small a rate no evaluation gains, and the rate is halved at 15 and 25. */
static const struct {
    const char *cell;
    uint64_t stop_at;
    size_t threads;
    const char *optimizer;
    double lr;
} resumes[] = {
    {"rnn", 13, 2, "adam", 0.1},     {"gru", 13, 2, "adam", 0.1},  {"lstm", 13, 2, "adam", 0.1},
    {"lstm", 10, 1, "rmsprop", 0.1}, {"lstm", 11, 1, "sgd", 0.1},  {"lstm", 25, 2, "adamw", 0.1},
    {"gru", 13, 1, "sgd", 1e-30},
};

START_TEST(resume_is_as_never_stopped)
{
    for (int part = 0; part < 3; part++) { /* whole, first half, second half */
        training *g = part == 0 ? &one : &two;
        const size_t evaluations = g->evaluations;
        prepare(g);
        g->learning.steps = 25;
        g->learning.eval_every = 5;
        g->learning.schedule = "plateau";
        g->learning.decay_every = 2;
        g->learning.optimizer = resumes[_i].optimizer;
        g->learning.lr = resumes[_i].lr;
        g->learning.threads = part == 1 ? resumes[_i].threads : 1;
        g->stop_at = part == 1 ? resumes[_i].stop_at : 0;
        make_net(g, resumes[_i].cell, 0.4, part == 2 ? 99 : 1);
        begin(g);
        if (part == 2) {
            restore(g, &image_two);
            g->evaluations = evaluations;
        }
        ck_assert_int_eq(run(g, part == 1 ? UNROLL_STOP_INTERRUPTED : UNROLL_STOP_STEPS),
                         UNROLL_OK);
        if (part == 1)
            ck_assert_uint_eq(unroll_trainer_steps(g->trainer), resumes[_i].stop_at);
        save(g, part == 0 ? &image_one : &image_two, NULL);
        finish(g);
    }
    same(&image_one, &image_two);
    ck_assert_uint_eq(one.evaluations, 5);
    ck_assert_uint_eq(two.evaluations, 5);
    for (uint64_t k = resumes[_i].stop_at + 1; k <= 25; k++)
        ck_assert_double_eq(one.lr[k], two.lr[k]);
    if (resumes[_i].lr < 0.1)
        ck_assert_double_eq_tol(two.lr[25] / resumes[_i].lr, 0.5, 1e-12);
}
END_TEST

START_TEST(evaluating_changes_no_bit)
{
    for (int often = 0; often < 2; often++) {
        prepare(&one);
        one.learning.eval_every = often ? 1 : 1000;
        make_net(&one, "lstm", 0.4, 1);
        begin(&one);
        ck_assert_int_eq(run(&one, UNROLL_STOP_STEPS), UNROLL_OK);
        ck_assert_uint_eq(one.evaluations, often ? 20 : 1);
        save(&one, often ? &image_two : &image_one, "counters best_loss");
        finish(&one);
    }
    same(&image_one, &image_two);
}
END_TEST

/* Weights as good as fixed, the same batch: without dropout the same loss, with it another mask each step. */
START_TEST(each_step_has_its_dropout)
{
    double loss[2][2];
    for (int with = 0; with < 2; with++) {
        prepare(&one);
        one.y.again = true;
        one.learning.optimizer = "sgd";
        one.learning.lr = 1e-30;
        make_net(&one, "lstm", with ? 0.5 : 0, 1);
        begin(&one);
        for (int k = 0; k < 2; k++) {
            unroll_progress p;
            ck_assert_int_eq(unroll_trainer_step(one.trainer, &p), UNROLL_OK);
            loss[with][k] = p.loss;
        }
        finish(&one);
    }
    ck_assert_double_eq(loss[0][0], loss[0][1]);
    ck_assert_double_ne(loss[1][0], loss[1][1]);
}
END_TEST

/* The same gradient again and again: with its moments corrected, Adam goes lr a step, no more and no less. */
START_TEST(adam_counts_its_updates)
{
    prepare(&one);
    one.y.again = true;
    one.learning.lr = 1e-5;
    begin(&one);
    const size_t n = unroll_net_size(one.net);
    unroll_real *before = malloc(n * sizeof *before);
    ck_assert_ptr_nonnull(before);
    memcpy(before, unroll_net_weights(one.net), n * sizeof *before);
    for (int k = 0; k < 5; k++)
        ck_assert_int_eq(unroll_trainer_step(one.trainer, NULL), UNROLL_OK);
    double farthest = 0;
    for (size_t i = 0; i < n; i++)
        farthest = fmax(farthest, fabs((double)(unroll_net_weights(one.net)[i] - before[i])));
    ck_assert_double_eq_tol(farthest, 5e-5, 1e-6);
    free(before);
    finish(&one);
}
END_TEST

START_TEST(steps_allocate_nothing)
{
    prepare(&one);
    one.learning.threads = 2;
    one.learning.eval_every = 3;
    begin(&one);
    ck_assert_int_eq(run(&one, UNROLL_STOP_STEPS), UNROLL_OK);
    ck_assert_uint_eq(one.steps, 20);
    ck_assert_uint_eq(one.allocations, 0);
    finish(&one);
}
END_TEST

START_TEST(a_failed_allocation_leaks_nothing)
{
    prepare(&one);
    make_net(&one, "lstm", 0, 1);
    long n = 0;
    for (unroll_status status = UNROLL_EMEMORY; status != UNROLL_OK; n++) {
        unroll_alloc_fail_after(n);
        status = unroll_trainer_new(one.net, &one.y.task, &one.learning, NULL, &one.trainer);
        unroll_alloc_fail_after(-1);
        if (status != UNROLL_OK) {
            ck_assert_int_eq(status, UNROLL_EMEMORY);
            ck_assert_ptr_null(one.trainer);
        }
    }
    ck_assert_int_gt(n, 6);
    finish(&one);
}
END_TEST

START_TEST(evaluation_is_the_mean_over_all_targets)
{
    prepare(&one);
    begin(&one);
    unroll_evaluation e;
    ck_assert_int_eq(unroll_trainer_evaluate(one.trainer, UNROLL_VALID, &e), UNROLL_OK);
    ck_assert(e.best);
    ck_assert_double_eq(e.targets, (2 * EVAL_T + 3) * EVAL_B);
    unroll_work *work;
    double loss = 0;
    ck_assert_int_eq(unroll_work_new(one.net, WORK(.T = EVAL_T, .B = EVAL_B, .threads = 1), &work),
                     UNROLL_OK);
    for (uint64_t i = 0; i < 3; i++) {
        unroll_batch batch;
        unroll_result r;
        bool more;
        toy_eval(&one.y, UNROLL_VALID, i, &batch, &more);
        ck_assert_int_eq(unroll_net_evaluate(one.net, &batch, work, &r, NULL), UNROLL_OK);
        loss += r.loss;
    }
    unroll_work_free(work);
    ck_assert_double_eq_tol(e.loss, loss / e.targets, 1e-9);
    ck_assert_int_eq(unroll_trainer_evaluate(one.trainer, UNROLL_TEST, &e), UNROLL_EDATA);
    ck_assert_ptr_nonnull(strstr(unroll_message(), "test"));
    finish(&one);
}
END_TEST

START_TEST(no_validation_data)
{
    prepare(&one);
    one.y.eval_batches = 0;
    one.learning.patience = 1;
    begin(&one);
    ck_assert_int_eq(run(&one, UNROLL_STOP_STEPS), UNROLL_OK);
    ck_assert_uint_eq(one.evaluations, 0);
    ck_assert(isinf(unroll_trainer_best_loss(one.trainer)));
    finish(&one);
    prepare(&one);
    one.y.task.eval_T = one.y.task.eval_B = 0;
    begin(&one);
    ck_assert_int_eq(run(&one, UNROLL_STOP_STEPS), UNROLL_OK);
    ck_assert_uint_eq(one.evaluations, 0);
    finish(&one);
}
END_TEST

START_TEST(stops_by_epochs)
{
    prepare(&one);
    one.learning.steps = 0;
    one.learning.epochs = 2.5;
    begin(&one);
    ck_assert_int_eq(run(&one, UNROLL_STOP_EPOCHS), UNROLL_OK);
    ck_assert_uint_eq(one.steps, 20);
    ck_assert_uint_eq(one.last.last_step, 20);
    ck_assert_double_eq(one.last.epoch, 2.5);
    ck_assert_uint_eq(one.evaluations, 3);
    ck_assert_uint_eq(one.evaluation.step, 20);
    finish(&one);
}
END_TEST

START_TEST(stops_by_time)
{
    prepare(&one);
    one.learning.steps = 0;
    one.learning.epochs = 0;
    one.learning.seconds = 0.02;
    begin(&one);
    ck_assert_int_eq(run(&one, UNROLL_STOP_TIME), UNROLL_OK);
    ck_assert_uint_eq(one.last.last_step, 0);
    ck_assert_uint_eq(one.evaluation.step, one.steps);
    finish(&one);
}
END_TEST

/* A learning rate that moves no weight: each evaluation is the same to the last bit. */
START_TEST(stops_by_patience)
{
    prepare(&one);
    one.learning.optimizer = "sgd";
    one.learning.lr = 1e-30;
    one.learning.eval_every = 2;
    one.learning.patience = 3;
    begin(&one);
    ck_assert_int_eq(run(&one, UNROLL_STOP_PATIENCE), UNROLL_OK);
    ck_assert_uint_eq(one.steps, 8);
    ck_assert_uint_eq(one.evaluations, 4);
    ck_assert(!one.evaluation.best);
    finish(&one);
}
END_TEST

START_TEST(plateau_cuts)
{
    prepare(&one);
    one.learning.optimizer = "sgd";
    one.learning.lr = 1e-30;
    one.learning.schedule = "plateau";
    one.learning.decay = 0.1;
    one.learning.decay_every = 2;
    one.learning.eval_every = 3;
    begin(&one);
    ck_assert_int_eq(run(&one, UNROLL_STOP_STEPS), UNROLL_OK);
    /* best at 3, none at 6, cut at 9, none at 12, cut at 15 */
    ck_assert_double_eq_tol(one.lr[9], 1e-30, 1e-36);
    ck_assert_double_eq_tol(one.lr[10], 1e-31, 1e-37);
    ck_assert_double_eq_tol(one.lr[15], 1e-31, 1e-37);
    ck_assert_double_eq_tol(one.lr[16], 1e-32, 1e-38);
    finish(&one);
}
END_TEST

START_TEST(stops_when_told)
{
    prepare(&one);
    one.stop_at = 8;
    begin(&one);
    ck_assert_int_eq(run(&one, UNROLL_STOP_INTERRUPTED), UNROLL_OK);
    ck_assert_uint_eq(one.steps, 8);
    ck_assert_uint_eq(one.evaluations, 0); /* due, but put off … */
    one.stop_at = 0;
    ck_assert_int_eq(run(&one, UNROLL_STOP_STEPS), UNROLL_OK);
    ck_assert_uint_eq(one.evaluations, 3); /* … until here: 8, 16, 20 */
    ck_assert_int_eq(run(&one, UNROLL_STOP_STEPS), UNROLL_OK);
    ck_assert_uint_eq(one.steps, 20);
    ck_assert_uint_eq(one.evaluations, 3);
    finish(&one);
}
END_TEST

START_TEST(callbacks_carry_their_size)
{
    prepare(&one);
    make_net(&one, "lstm", 0, 1);
    one.callbacks.size = 0;
    ck_assert_int_eq(unroll_trainer_new(one.net, &one.y.task, &one.learning, &one.callbacks, &one.trainer),
                     UNROLL_EUSAGE);
    ck_assert_ptr_null(one.trainer);
    ck_assert_ptr_nonnull(strstr(unroll_message(), "unroll_callbacks"));
    one.callbacks.size = offsetof(unroll_callbacks, stop); /* as one who does not know `stop` */
    one.stop_at = 3;
    begin(&one);
    ck_assert_int_eq(run(&one, UNROLL_STOP_STEPS), UNROLL_OK);
    ck_assert_uint_eq(one.steps, 20);
    finish(&one);
}
END_TEST

START_TEST(a_callback_ends_it)
{
    prepare(&one);
    one.answer = UNROLL_EIO;
    begin(&one);
    ck_assert_int_eq(run(&one, UNROLL_STOP_ERROR), UNROLL_EIO);
    ck_assert_uint_eq(one.steps, 1);
    finish(&one);
}
END_TEST

START_TEST(refuses_to_run_for_ever)
{
    prepare(&one);
    one.learning.steps = 0;
    one.learning.epochs = 0;
    begin(&one);
    ck_assert_int_eq(run(&one, UNROLL_STOP_ERROR), UNROLL_EUSAGE);
    finish(&one);
}
END_TEST

START_TEST(a_bad_step_is_skipped)
{
    prepare(&one);
    one.y.task.features = true;
    one.y.bad_from = 3;
    one.y.bad_until = 4;
    begin(&one);
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(unroll_trainer_step(one.trainer, NULL), UNROLL_OK);
    const char *const changing = "carry counters toy.at";
    save(&one, &image_one, changing);
    unroll_progress p;
    ck_assert_int_eq(unroll_trainer_step(one.trainer, &p), UNROLL_OK);
    ck_assert(p.skipped);
    ck_assert_uint_eq(p.step, 4);
    ck_assert_ptr_nonnull(strstr(unroll_message(), "step 4: "));
    ck_assert_ptr_nonnull(strstr(unroll_message(), "in layer 0 at step 2 of the window"));
    save(&one, &image_two, changing);
    same(&image_one, &image_two);
    ck_assert_int_eq(unroll_trainer_step(one.trainer, &p), UNROLL_OK);
    ck_assert(!p.skipped);
    ck_assert(isfinite(p.loss));
    save(&one, &image_two, changing);
    ck_assert(memcmp(image_one.bytes, image_two.bytes, image_one.length) != 0);
    finish(&one);
}
END_TEST

START_TEST(ten_bad_steps_are_too_many)
{
    for (uint64_t bad = 9; bad <= 10; bad++) {
        prepare(&one);
        one.y.task.features = true;
        one.y.bad_from = 2;
        one.y.bad_until = 2 + bad;
        begin(&one);
        const bool over = bad == 10;
        ck_assert_int_eq(run(&one, over ? UNROLL_STOP_DIVERGED : UNROLL_STOP_STEPS),
                         over ? UNROLL_ENUMERIC : UNROLL_OK);
        ck_assert_uint_eq(one.skipped, 9);
        ck_assert_uint_eq(one.steps, over ? 11 : 20);
        ck_assert_ptr_nonnull(strstr(one.message, "skipped"));
        if (over)
            ck_assert_ptr_nonnull(strstr(unroll_message(), "10 steps in a row"));
        finish(&one);
    }
}
END_TEST

START_TEST(weights_that_are_not_finite_end_it)
{
    prepare(&one);
    one.learning.optimizer = "sgd";
    one.learning.lr = 1e300;
    begin(&one);
    ck_assert_int_eq(run(&one, UNROLL_STOP_DIVERGED), UNROLL_ENUMERIC);
    ck_assert_ptr_nonnull(strstr(unroll_message(), "weights"));
    ck_assert_uint_eq(one.steps, 0);
    finish(&one);
}
END_TEST

static double distance(const unroll_net *net, const unroll_real *a, const unroll_real *b)
{
    double sum = 0;
    for (size_t i = 0; i < unroll_net_size(net); i++)
        sum += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
    return sqrt(sum);
}

START_TEST(a_clipped_step_is_as_long_as_allowed)
{
    prepare(&one);
    one.learning.optimizer = "sgd";
    one.learning.lr = 2;
    one.learning.clip_norm = 0.01;
    begin(&one);
    const size_t bytes = unroll_net_size(one.net) * sizeof(unroll_real);
    unroll_real *before = malloc(bytes);
    ck_assert_ptr_nonnull(before);
    memcpy(before, unroll_net_weights(one.net), bytes);
    unroll_progress p;
    ck_assert_int_eq(unroll_trainer_step(one.trainer, &p), UNROLL_OK);
    ck_assert_double_gt(p.grad_norm, 0.01);
    ck_assert_double_eq_tol(p.grad_norm * p.clip_scale, 0.01, 1e-5);
    ck_assert_double_eq(p.clipped_share, 1);
    ck_assert_double_eq_tol(distance(one.net, before, unroll_net_weights(one.net)), 0.02, 2e-5);
    free(before);
    finish(&one);
}
END_TEST

START_TEST(what_does_not_learn_stays_zero)
{
    prepare(&one);
    one.learning.optimizer = optimizers[_i];
    one.learning.weight_decay = 0.1;
    begin(&one);
    ck_assert_int_eq(run(&one, UNROLL_STOP_STEPS), UNROLL_OK);
    const unroll_parameter *p;
    const size_t count = unroll_net_parameters(one.net, &p);
    size_t seen = 0;
    for (size_t i = 0; i < count; i++)
        if (strstr(p[i].name, "bias_hh") != NULL)
            for (size_t k = 0; k < p[i].rows; k++, seen++)
                ck_assert_double_eq((double)unroll_net_weights(one.net)[p[i].offset + k], 0);
    ck_assert_uint_eq(seen, 2 * 4 * 12);
    finish(&one);
}
END_TEST

Suite *make_suite(void)
{
    Suite *s = suite_create("train");
    TCase *t = new_case(s, "all");
    tcase_add_test(t, learns_a_pattern);
    tcase_add_loop_test(t, threads_change_no_bit, 0, 7);
    tcase_add_loop_test(t, resume_is_as_never_stopped, 0, sizeof resumes / sizeof *resumes);
    tcase_add_test(t, evaluating_changes_no_bit);
    tcase_add_test(t, each_step_has_its_dropout);
    tcase_add_test(t, adam_counts_its_updates);
    tcase_add_test(t, steps_allocate_nothing);
    tcase_add_test(t, a_failed_allocation_leaks_nothing);
    tcase_add_test(t, evaluation_is_the_mean_over_all_targets);
    tcase_add_test(t, no_validation_data);
    tcase_add_test(t, stops_by_epochs);
    tcase_add_test(t, stops_by_time);
    tcase_add_test(t, stops_by_patience);
    tcase_add_test(t, plateau_cuts);
    tcase_add_test(t, stops_when_told);
    tcase_add_test(t, callbacks_carry_their_size);
    tcase_add_test(t, a_callback_ends_it);
    tcase_add_test(t, refuses_to_run_for_ever);
    tcase_add_test(t, a_bad_step_is_skipped);
    tcase_add_test(t, ten_bad_steps_are_too_many);
    tcase_add_test(t, weights_that_are_not_finite_end_it);
    tcase_add_test(t, a_clipped_step_is_as_long_as_allowed);
    tcase_add_loop_test(t, what_does_not_learn_stays_zero, 0, 7);
    return s;
}
