#include "toy_training.h"

#include <check.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"

training one, two;
image image_one, image_two;

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

unroll_status toy_eval(void *self, enum unroll_split split, uint64_t i, unroll_batch *out, bool *more)
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
        .task =
            {
                .self = y,
                .inputs = SYMBOLS,
                .outputs = SYMBOLS,
                .batches_per_epoch = EPOCH,
                .tokens_per_batch = T * B,
                .next = toy_next,
                .eval = toy_eval,
                .state = toy_state,
                .train_T = T,
                .train_B = B,
                .eval_T = EVAL_T,
                .eval_B = EVAL_B,
            },
        .noise = 5,
        .eval_batches = 3,
    };
}

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

void prepare(training *g)
{
    memset(g, 0, sizeof *g);
    toy_init(&g->y);
    g->learning = (unroll_learning)UNROLL_LEARNING_INIT;
    g->learning.lr = 0.01;
    g->learning.threads = 1;
    g->learning.steps = 20;
    g->callbacks = (unroll_callbacks){sizeof g->callbacks, g, on_step, on_evaluated, on_stop};
}

void make_net(training *g, const char *cell, double dropout, uint64_t seed)
{
    const unroll_net_spec spec = {
        .size = sizeof spec,
        .inputs = SYMBOLS,
        .outputs = SYMBOLS,
        .features = g->y.task.features,
        .cell = cell,
        .layers = 2,
        .hidden = 12,
        .dropout = dropout,
    };
    const unroll_init init = {
        .size = sizeof init, .kind = "uniform", .scale = 1, .forget_bias = 1, .seed = seed};
    ck_assert_int_eq(unroll_net_new(&spec, &g->net), UNROLL_OK);
    ck_assert_int_eq(unroll_net_init(g->net, &init), UNROLL_OK);
}

void begin(training *g)
{
    if (g->net == NULL)
        make_net(g, "lstm", 0, 1);
    ck_assert_int_eq(unroll_trainer_new(g->net, &g->y.task, &g->learning, &g->callbacks, &g->trainer),
                     UNROLL_OK);
}

unroll_status run(training *g, enum unroll_stop expected)
{
    enum unroll_stop why;
    const unroll_status status = unroll_trainer_train(g->trainer, &why);
    ck_assert_str_eq(unroll_stop_name(why), unroll_stop_name(expected));
    return status;
}

void finish(training *g)
{
    unroll_trainer_free(g->trainer);
    unroll_net_free(g->net);
    g->trainer = NULL;
    g->net = NULL;
}

void train_until(training *g, enum unroll_stop expected)
{
    begin(g);
    ck_assert_int_eq(run(g, expected), UNROLL_OK);
}

void stand_still(training *g)
{
    g->learning.optimizer = "sgd";
    g->learning.lr = 1e-30;
}

void prepare_one(void)
{
    prepare(&one);
}

void finish_one(void)
{
    finish(&one);
}

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

void save(training *g, image *m, const char *without)
{
    memset(m, 0, sizeof *m);
    m->without = without;
    unroll_trainer_state(g->trainer, visit, m);
}

void restore(training *g, image *m)
{
    const size_t length = m->length;
    m->restore = true;
    m->length = 0;
    unroll_trainer_state(g->trainer, visit, m);
    ck_assert_uint_eq(m->length, length);
    unroll_trainer_restored(g->trainer);
}

void same(const image *a, const image *b)
{
    ck_assert_uint_gt(a->length, 1000);
    ck_assert_uint_eq(a->length, b->length);
    ck_assert(memcmp(a->bytes, b->bytes, a->length) == 0);
}
