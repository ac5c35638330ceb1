/* Tasks, clipping, schedules and optimisers as a caller's own loop has them: the same steps as a trainer's, to the bit. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unroll.h>

#include "runner.h"

static const char TEXT[] =
    "it was the best of times, it was the worst of times, it was the age of wisdom, it was the age of "
    "foolishness, it was the epoch of belief, it was the epoch of incredulity\n"
    "it was the season of Light, it was the season of Darkness, it was the spring of hope\n";
static const char PAIRS[] =
    "a dog\tein Hund\nthe dog\tder Hund\na cat\teine Katze\nthe cat\tdie Katze\n"
    "the old dog\tder alte Hund\nthe old cat\tdie alte Katze\n";

static unroll_net *net_for(const unroll_task *task, const char *norm)
{
    unroll_net_spec spec = {.size = sizeof spec,
                            .cell = "lstm",
                            .layers = 1,
                            .hidden = 7,
                            .embedding = 5,
                            .norm = norm,
                            .attention = "dot"};
    const unroll_init init = UNROLL_INIT_DEFAULT;
    unroll_net *net;
    unroll_task_set_spec(task, &spec);
    if (!spec.source)
        spec.attention = NULL;
    if (spec.features)
        spec.embedding = 0;
    OK(unroll_net_new(&spec, &net));
    OK(unroll_net_init(net, &init));
    return net;
}

static unroll_task *task_of(int kind)
{
    unroll_task *task;
    const unroll_task_options o = {
        .size = sizeof o, .batch = 3, .seq_length = 8, .seed = 5, .split = {1, 0, 0}};
    OK(kind == 0   ? unroll_task_new_text(TEXT, sizeof TEXT - 1, &o, &task)
       : kind == 1 ? unroll_task_new_pairs(PAIRS, sizeof PAIRS - 1, &o, &task)
       : kind == 2 ? unroll_task_new_synthetic("copy:length=2,delay=3", &o, &task)
                   : unroll_task_new_synthetic("adding:length=9", &o, &task));
    return task;
}

static unroll_work *work_for(const unroll_net *net, const unroll_task *task)
{
    unroll_work *work;
    unroll_work_options o = {.size = sizeof o, .training = true, .threads = 1};
    unroll_task_set_work(task, UNROLL_TRAIN, &o);
    OK(unroll_work_new(net, &o, &work));
    return work;
}

enum { STEPS = 12 };

static void own_loop(unroll_net *net, unroll_task *task, const unroll_learning *learning)
{
    unroll_work *work = work_for(net, task);
    unroll_optimizer *optimizer;
    unroll_real *gradient = calloc(unroll_net_size(net), sizeof *gradient);
    OK(unroll_optimizer_new(learning, unroll_net_learned(net), &optimizer));
    for (uint64_t step = 0; step < STEPS; step++) {
        unroll_batch batch;
        unroll_result result;
        double norm, lr;
        OK(unroll_task_next(task, &batch));
        OK(unroll_net_gradient(net, &batch, work, gradient, &result));
        OK(unroll_clip_value(learning->clip_value, unroll_net_size(net), gradient, &norm));
        OK(unroll_clip_norm(learning->clip_norm, unroll_net_size(net), gradient, &norm));
        ck_assert(norm > 0);
        OK(unroll_learning_rate(learning, unroll_task_batches_per_epoch(task), step, 0, &lr));
        OK(unroll_optimizer_step(optimizer, lr, unroll_net_weights(net), gradient));
        unroll_net_update_running_statistics(net, work);
        unroll_net_pack(net, 1);
    }
    free(gradient);
    unroll_optimizer_free(optimizer);
    unroll_work_free(work);
}

static void trainer_loop(unroll_net *net, unroll_task *task, const unroll_learning *learning)
{
    unroll_trainer *trainer;
    OK(unroll_trainer_new(net, task, learning, NULL, &trainer));
    for (int step = 0; step < STEPS; step++)
        OK(unroll_trainer_step(trainer, NULL));
    unroll_trainer_free(trainer);
}

/* Each optimiser, schedule and kind of task once, both ways of clipping, and running statistics. */
static const struct {
    const char *optimizer, *schedule, *norm;
    int task;
} loops[] = {
    {"sgd", "constant", NULL, 0},     {"momentum", "exponential", NULL, 1},
    {"nesterov", "step", "batch", 0}, {"adagrad", "cosine", NULL, 2},
    {"rmsprop", "constant", NULL, 3}, {"adam", "constant", "batch", 2},
    {"adamw", "cosine", NULL, 1},
};

START_TEST(own_steps_are_the_trainers)
{
    unroll_learning l = UNROLL_LEARNING_INIT;
    l.optimizer = loops[_i].optimizer;
    l.schedule = loops[_i].schedule;
    l.decay_every = 4;
    l.warmup = 3;
    l.lr = 0.05;
    l.weight_decay = 0.01;
    l.clip_norm = 0.2;
    l.clip_value = 0.05;
    l.steps = STEPS;
    l.seed = 5;
    l.threads = 1;
    unroll_task *a = task_of(loops[_i].task), *b = task_of(loops[_i].task);
    unroll_net *own = net_for(a, loops[_i].norm), *trained = net_for(b, loops[_i].norm);
    own_loop(own, a, &l);
    trainer_loop(trained, b, &l);
    ck_assert_mem_eq(unroll_net_weights(own), unroll_net_weights(trained),
                     unroll_net_size(own) * sizeof(unroll_real));
    unroll_net *fresh = net_for(a, loops[_i].norm);
    ck_assert_mem_ne(unroll_net_weights(own), unroll_net_weights(fresh),
                     unroll_net_learned(own) * sizeof(unroll_real));
    unroll_net_free(fresh);
    unroll_net_free(own);
    unroll_net_free(trained);
    unroll_task_free(a);
    unroll_task_free(b);
}
END_TEST

/* ---- tasks ---- */

START_TEST(a_text_becomes_windows)
{
    unroll_task *task = task_of(0);
    unroll_batch batch;
    const unroll_vocabulary *v = unroll_task_vocabulary(task);
    unroll_net_spec spec = UNROLL_NET_SPEC_INIT;
    unroll_task_set_spec(task, &spec);
    ck_assert_uint_eq(spec.inputs, unroll_vocabulary_size(v));
    ck_assert_uint_eq(spec.outputs, spec.inputs);
    ck_assert_uint_eq(spec.source, 0);
    ck_assert_ptr_null(unroll_task_source_vocabulary(task));
    OK(unroll_task_next(task, &batch));
    ck_assert(batch.T == 8 && batch.B == 3 && !batch.carry);
    for (size_t t = 0; t < batch.T; t++) { /* the first stream begins with the text */
        ck_assert_uint_eq(batch.input[t * 3], unroll_vocabulary_find(v, TEXT + t, 1));
        ck_assert_uint_eq(batch.target[t * 3], unroll_vocabulary_find(v, TEXT + t + 1, 1));
    }
    OK(unroll_task_next(task, &batch));
    ck_assert(batch.carry);
    unroll_task_free(task);
}
END_TEST

START_TEST(defaults_fit_the_data)
{
    unroll_task *task;
    unroll_work_options room = UNROLL_WORK_OPTIONS_INIT;
    OK(unroll_task_new_text(TEXT, sizeof TEXT - 1, NULL, &task));
    unroll_task_set_work(task, UNROLL_TRAIN, &room);
    ck_assert(room.T == 50 && room.B >= 1 && room.B * room.T < sizeof TEXT && room.S == 0);
    ck_assert_uint_gt(unroll_task_batches_per_epoch(task), 0);
    unroll_batch batch;
    bool more;
    OK(unroll_task_held_out(task, UNROLL_VALID, 0, &batch, &more));
    ck_assert(more);
    unroll_task_free(task);

    OK(unroll_task_new_pairs(PAIRS, sizeof PAIRS - 1,
                             &(unroll_task_options){.size = sizeof(unroll_task_options),
                                                    .split = {1, 0, 0}},
                             &task));
    unroll_task_set_work(task, UNROLL_TRAIN, &room);
    ck_assert(room.B == 6 && room.S > 0);
    OK(unroll_task_held_out(task, UNROLL_TEST, 0, &batch, &more));
    ck_assert(!more);
    unroll_task_free(task);

    OK(unroll_task_new_synthetic("numbers:pairs=40", NULL,
                                 &task)); /* by letters or words, as it is meant to be */
    ck_assert_ptr_nonnull(unroll_task_vocabulary(task));
    ck_assert_ptr_nonnull(unroll_task_source_vocabulary(task));
    unroll_task_free(task);
}
END_TEST

START_TEST(a_known_vocabulary_numbers_a_text)
{
    unroll_task *first = task_of(0), *second;
    const unroll_vocabulary *v = unroll_task_vocabulary(first);
    unroll_task_options o = {.size = sizeof o, .vocabulary = v, .batch = 1, .seq_length = 4};
    OK(unroll_task_new_text("the age of hope", 15, &o, &second));
    ck_assert_ptr_eq(unroll_task_vocabulary(second), v);
    unroll_task_free(second);
    ck_assert_int_eq(unroll_task_new_text("QQQQQQQQQQ", 10, &o, &second), UNROLL_EDATA);
    ck_assert_ptr_null(second);
    ck_assert_int_eq(unroll_task_new_pairs(PAIRS, sizeof PAIRS - 1, &o, &second), UNROLL_EUSAGE);
    unroll_task_free(first);
}
END_TEST

START_TEST(what_makes_no_task_is_refused)
{
    unroll_task *task;
    unroll_task_options o = {.size = sizeof o, .batch = 1000};
    ck_assert_int_eq(unroll_task_new_text(TEXT, sizeof TEXT - 1, &o, &task), UNROLL_EDATA);
    ck_assert_int_eq(unroll_task_new_text("", 0, NULL, &task), UNROLL_EDATA);
    ck_assert_int_eq(unroll_task_new_pairs("no tab\n", 7, NULL, &task), UNROLL_EDATA);
    ck_assert_int_eq(unroll_task_new_synthetic("copy:delay=x", NULL, &task), UNROLL_EUSAGE);
    ck_assert_int_eq(unroll_task_new_synthetic("nothing", NULL, &task), UNROLL_EUSAGE);
    o = (unroll_task_options){.size = sizeof o, .split = {0.9, 0.9, 0}};
    ck_assert_int_eq(unroll_task_new_text(TEXT, sizeof TEXT - 1, &o, &task), UNROLL_EUSAGE);
    o.size = 0;
    ck_assert_int_eq(unroll_task_new_text(TEXT, sizeof TEXT - 1, &o, &task), UNROLL_EUSAGE);
    ck_assert_ptr_null(task);
}
END_TEST

/* ---- a task of the caller's: say whether a number is above one half ---- */

typedef struct threshold {
    unroll_real feature[6];
    uint32_t target[6];
    unsigned made;
    bool freed;
} threshold;

static unroll_status next(void *self, unroll_batch *out)
{
    threshold *t = self;
    for (size_t i = 0; i < 6; i++) {
        t->feature[i] = (unroll_real)((t->made * 6 + i) % 5) / 4;
        t->target[i] = t->feature[i] > (unroll_real)0.5;
    }
    t->made++;
    *out = (unroll_batch){.T = 3, .B = 2, .feature = t->feature, .target = t->target};
    return UNROLL_OK;
}

static unroll_status held_out(void *self, enum unroll_split split, uint64_t i, unroll_batch *out,
                              bool *more)
{
    *more = i == 0 && split == UNROLL_VALID;
    return *more ? next(self, out) : UNROLL_OK;
}

static void freed(void *self)
{
    ((threshold *)self)->freed = true;
}

START_TEST(a_trainer_takes_a_task_of_the_callers)
{
    threshold self = {.made = 0};
    unroll_task_functions f = {.size = sizeof f,
                               .self = &self,
                               .inputs = 1,
                               .outputs = 2,
                               .features = true,
                               .steps = 3,
                               .rows = 2,
                               .held_out_steps = 3,
                               .held_out_rows = 2,
                               .next = next,
                               .held_out = held_out,
                               .free = freed};
    unroll_task *task;
    unroll_learning l = UNROLL_LEARNING_INIT;
    unroll_trainer *trainer;
    unroll_evaluation e;
    enum unroll_stop why;
    OK(unroll_task_new(&f, &task));
    unroll_net *net = net_for(task, NULL);
    l.steps = 300;
    l.lr = 0.05;
    l.threads = 1;
    OK(unroll_trainer_new(net, task, &l, NULL, &trainer));
    OK(unroll_trainer_train(trainer, &why));
    OK(unroll_trainer_evaluate(trainer, UNROLL_VALID, &e));
    ck_assert_double_eq(e.accuracy, 1);
    unroll_trainer_free(trainer);
    unroll_net_free(net);
    ck_assert(!self.freed);
    unroll_task_free(task);
    ck_assert(self.freed);

    f.next = NULL;
    ck_assert_int_eq(unroll_task_new(&f, &task), UNROLL_EUSAGE);
    f.next = next;
    f.held_out = NULL;
    ck_assert_int_eq(unroll_task_new(&f, &task), UNROLL_EUSAGE);
    ck_assert_ptr_null(task);
    unroll_task_free(NULL);
}
END_TEST

/* ---- numbers ---- */

START_TEST(clipping_says_the_norm_before)
{
    unroll_real g[2] = {3, -4};
    double norm;
    OK(unroll_clip_norm(0, 2, g, &norm));
    ck_assert_double_eq_tol(norm, 5, 1e-12);
    ck_assert_double_eq((double)g[1], -4);
    OK(unroll_clip_norm(1, 2, g, &norm));
    ck_assert_double_eq_tol(norm, 5, 1e-12);
    ck_assert_double_eq_tol((double)g[0], 0.6, 1e-6);
    OK(unroll_clip_value(0.7, 2, g, &norm));
    ck_assert_double_eq_tol(norm, 1, 1e-6);
    ck_assert_double_eq_tol((double)g[1], -0.7, 1e-6);
    g[0] = NAN;
    ck_assert_int_eq(unroll_clip_norm(1, 2, g, &norm), UNROLL_ENUMERIC);
    ck_assert_int_eq(unroll_clip_norm(-1, 2, g, &norm), UNROLL_EUSAGE);
}
END_TEST

START_TEST(an_optimizer_refuses_what_leads_nowhere)
{
    unroll_learning l;
    unroll_optimizer *o;
    unroll_real w[2] = {1, 1}, g[2] = {1, INFINITY};
    OK(unroll_optimizer_new(NULL, 2, &o));
    ck_assert_int_eq(unroll_optimizer_step(o, -1, w, g), UNROLL_EUSAGE);
    ck_assert_int_eq(unroll_optimizer_step(o, 0.1, w, g), UNROLL_ENUMERIC);
    unroll_optimizer_free(o);
    l = (unroll_learning)UNROLL_LEARNING_INIT;
    l.optimizer = "adamx";
    ck_assert_int_eq(unroll_optimizer_new(&l, 2, &o), UNROLL_EUSAGE);
    ck_assert_ptr_null(o);
    unroll_optimizer_free(NULL);
}
END_TEST

Suite *make_suite(void)
{
    Suite *s = suite_create("own loop");
    TCase *t = new_case(s, "steps");
    tcase_add_loop_test(t, own_steps_are_the_trainers, 0, sizeof loops / sizeof *loops);
    t = new_case(s, "tasks");
    tcase_add_test(t, a_text_becomes_windows);
    tcase_add_test(t, defaults_fit_the_data);
    tcase_add_test(t, a_known_vocabulary_numbers_a_text);
    tcase_add_test(t, what_makes_no_task_is_refused);
    tcase_add_test(t, a_trainer_takes_a_task_of_the_callers);
    t = new_case(s, "numbers");
    tcase_add_test(t, clipping_says_the_norm_before);
    tcase_add_test(t, an_optimizer_refuses_what_leads_nowhere);
    return s;
}
