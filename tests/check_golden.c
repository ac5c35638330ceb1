/* Outputs, losses, gradients, carried states and ten updates of small networks against what
 * PyTorch gives: tests/golden/values.bin, whose format and origin are at the head of
 * tests/golden/make_golden.py.
 *
 * Tolerances are shares of a tensor's largest element. One pass in float of these depths is
 * good to about 1e-6, so 1e-5 leaves room for another order of sums and nothing else; ten
 * updates that divide by the root of a small second moment lose one more digit. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unroll/net.h>
#include <unroll/train.h>

#include "golden_file.h"
#include "runner.h"
#include "task/task.h"
#include "work_options.h"

enum { TENSORS_MAX = 256, RUNS_MAX = 12, LINE_MAX = 400 };
static const double one_pass = 1e-5, ten_updates = 1e-4;

typedef struct golden {
    char line[LINE_MAX];          /* "case NAME key=value …" */
    char run[RUNS_MAX][LINE_MAX]; /* "run NAME key=value …" */
    tensor tensor[TENSORS_MAX];
    size_t runs, tensors;
    size_t T, B, inputs, outputs, windows;
} golden;

static golden cases[64];
static size_t case_count;

/* The value of `key` in "… key=value …", "" where it is not there. */
static void text_field(const char *line, const char *key, char value[32])
{
    char pattern[32];
    snprintf(pattern, sizeof pattern, " %s=", key);
    const char *at = strstr(line, pattern);
    *value = '\0';
    if (at)
        sscanf(at + strlen(pattern), "%31s", value);
}

static double number_field(const char *line, const char *key)
{
    char value[32];
    text_field(line, key, value);
    return strtod(value, NULL);
}

static size_t size_field(const char *line, const char *key)
{
    return (size_t)number_field(line, key);
}

static void read_values(void)
{
    char line[LINE_MAX];
    FILE *f = golden_open("values.bin");
    golden *g = NULL;
    while (fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "case ", 5) == 0) {
            golden_need(case_count < sizeof cases / sizeof *cases, "too many cases");
            g = &cases[case_count++];
            strcpy(g->line, line);
            g->T = size_field(line, "T");
            g->B = size_field(line, "B");
            g->inputs = size_field(line, "inputs");
            g->outputs = size_field(line, "outputs");
            g->windows = size_field(line, "windows");
        } else if (strncmp(line, "run ", 4) == 0) {
            golden_need(g && g->runs < RUNS_MAX, "too many runs");
            strcpy(g->run[g->runs++], line);
        } else if (strncmp(line, "tensor ", 7) == 0) {
            golden_need(g && g->tensors < TENSORS_MAX, "too many tensors");
            golden_tensor(f, line, &g->tensor[g->tensors++]);
        } else {
            golden_need(strcmp(line, "end") == 0 || strncmp(line, "torch ", 6) == 0, line);
        }
    }
    golden_need(fclose(f) == 0, "cannot be read");
    golden_need(case_count >= 30, "has lost cases");
}

/* The tensor "PREFIX:NAME" or "WINDOW.NAME", or NULL. */
static const tensor *find(const golden *g, const char *prefix, const char *separator, const char *name)
{
    char key[160];
    snprintf(key, sizeof key, "%s%s%s", prefix, separator, name);
    for (size_t i = 0; i < g->tensors; i++)
        if (strcmp(g->tensor[i].name, key) == 0)
            return &g->tensor[i];
    return NULL;
}

static const tensor *of_window(const golden *g, size_t window, const char *name)
{
    return find(g, window == 0 ? "0" : "1", ".", name);
}

static double largest(size_t n, const float *x)
{
    double most = 0;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, fabs((double)x[i]));
    return most;
}

static void require_close(const golden *g, const char *what, size_t n, const float *got,
                          const float *want, double tolerance)
{
    const double scale = fmax(largest(n, want), 1e-6);
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(fabs((double)got[i] - (double)want[i]) <= tolerance * scale,
                      "%s: %s[%zu] is %.9g, PyTorch has %.9g (largest element %.3g)", g->line, what,
                      i, (double)got[i], (double)want[i], scale);
}

/* Every parameter, out of `flat`, against the tensors "PREFIX:PARAMETER". */
static void require_parameters(const golden *g, const unroll_net *net, const char *prefix,
                               const unroll_real *flat, double tolerance)
{
    const unroll_parameter *list;
    const size_t n = unroll_net_parameters(net, &list);
    for (size_t i = 0; i < n; i++) {
        const tensor *want = find(g, prefix, ":", list[i].name);
        ck_assert_msg(want != NULL, "%s: PyTorch's values lack %s:%s", g->line, prefix, list[i].name);
        const size_t count = list[i].rows * (list[i].cols ? list[i].cols : 1);
        ck_assert_uint_eq(count, want->count);
        float *got = malloc(count * sizeof *got);
        ck_assert_ptr_nonnull(got);
        unroll_parameter_get(&list[i], flat, got);
        require_close(g, want->name, count, got, want->data, tolerance);
        free(got);
    }
}

static void set_start(const golden *g, unroll_net *net)
{
    const unroll_parameter *list;
    const size_t n = unroll_net_parameters(net, &list);
    size_t set = 0, given = 0;
    for (size_t i = 0; i < n; i++) {
        const tensor *start = find(g, "weight", ":", list[i].name);
        ck_assert_msg(start != NULL, "%s: no weight:%s", g->line, list[i].name);
        unroll_parameter_set(&list[i], unroll_net_weights(net), start->data);
        set++;
    }
    for (size_t i = 0; i < g->tensors; i++)
        given += strncmp(g->tensor[i].name, "weight:", 7) == 0;
    ck_assert_uint_eq(set, given);
    unroll_net_merge_biases(net);
    unroll_net_pack(net, 1);
}

static unroll_net *new_net(const golden *g)
{
    char cell[32], gru[32], lstm[32], activation[32];
    text_field(g->line, "cell", cell);
    text_field(g->line, "gru", gru);
    text_field(g->line, "lstm", lstm);
    text_field(g->line, "activation", activation);
    unroll_net_spec spec = {
        .size = sizeof spec,
        .inputs = g->inputs,
        .outputs = g->outputs,
        .features = size_field(g->line, "features"),
        .squared = size_field(g->line, "squared"),
        .cell = cell,
        .gru = gru,
        .lstm = lstm,
        .activation = activation,
        .layers = size_field(g->line, "layers"),
        .hidden = size_field(g->line, "hidden"),
        .embedding = size_field(g->line, "embedding"),
        .tie = size_field(g->line, "tie"),
    };
    unroll_net *net = NULL;
    ck_assert_msg(unroll_net_new(&spec, &net) == UNROLL_OK, "%s: %s", g->line, unroll_message());
    set_start(g, net);
    return net;
}

/* A window as a batch; its arrays are the caller's to free. */
typedef struct window {
    unroll_batch batch;
    uint32_t *input, *target;
    uint8_t *mode;
} window;

static void open_window(const golden *g, size_t index, window *w)
{
    const size_t n = g->T * g->B;
    const tensor *input = of_window(g, index, "input"), *target = of_window(g, index, "target");
    const tensor *weight = of_window(g, index, "weight"), *mode = of_window(g, index, "mode");
    *w = (window){
        .batch = {.T = g->T, .B = g->B, .carry = index > 0, .weight = weight ? weight->data : NULL}};
    if (input->count > n) {
        w->batch.feature = input->data;
        w->batch.value = target->data;
        return;
    }
    w->batch.input = w->input = calloc(n, sizeof *w->input);
    w->batch.target = w->target = calloc(n, sizeof *w->target);
    w->batch.mode = w->mode = mode ? calloc(n, 1) : NULL;
    ck_assert(w->input && w->target && (!mode || w->mode));
    for (size_t i = 0; i < n; i++) {
        w->input[i] = (uint32_t)input->data[i];
        w->target[i] = (uint32_t)target->data[i];
        if (mode)
            w->mode[i] = (uint8_t)mode->data[i];
    }
}

static void close_window(window *w)
{
    free(w->input);
    free(w->target);
    free(w->mode);
}

static unroll_work *new_work(const golden *g, const unroll_net *net, bool training)
{
    unroll_work *work = NULL;
    const unroll_status made =
        unroll_work_new(net, WORK(.T = g->T, .B = g->B, .threads = 1, .training = training), &work);
    ck_assert_msg(made == UNROLL_OK, "%s: %s", g->line, unroll_message());
    return work;
}

static void require_state(const golden *g, const unroll_work *work, size_t index)
{
    const tensor *want = of_window(g, index, "state");
    ck_assert_uint_eq(unroll_work_state_size(work), want->count);
    float *got = malloc(want->count * sizeof *got);
    ck_assert_ptr_nonnull(got);
    unroll_work_get_state(work, got);
    require_close(g, want->name, want->count, got, want->data, one_pass);
    free(got);
}

static void require_loss(const golden *g, const unroll_result *r, size_t index)
{
    const float got = (float)(r->loss / r->weight);
    ck_assert(r->finite);
    require_close(g, "loss", 1, &got, of_window(g, index, "loss")->data, one_pass);
}

START_TEST(evaluating)
{
    const golden *g = &cases[_i];
    unroll_net *net = new_net(g);
    unroll_work *work = new_work(g, net, false);
    double *loss = malloc(g->T * g->B * sizeof *loss);
    float *single = malloc(g->T * g->B * sizeof *single);
    ck_assert(loss && single);
    for (size_t i = 0; i < g->windows; i++) {
        window w;
        unroll_result r;
        open_window(g, i, &w);
        ck_assert_int_eq(unroll_net_evaluate(net, &w.batch, work, &r, loss), UNROLL_OK);
        require_loss(g, &r, i);
        require_state(g, work, i);
        for (size_t k = 0; k < g->T * g->B; k++)
            single[k] = (float)loss[k];
        require_close(g, "token_loss", g->T * g->B, single, of_window(g, i, "token_loss")->data,
                      one_pass);
        close_window(&w);
    }
    free(loss);
    free(single);
    unroll_work_free(work);
    unroll_net_free(net);
}
END_TEST

START_TEST(gradients)
{
    const golden *g = &cases[_i];
    unroll_net *net = new_net(g);
    unroll_work *work = new_work(g, net, true);
    unroll_real *grad = malloc(unroll_net_size(net) * sizeof *grad);
    ck_assert_ptr_nonnull(grad);
    for (size_t i = 0; i < g->windows; i++) {
        window w;
        unroll_result r;
        open_window(g, i, &w);
        ck_assert_int_eq(unroll_net_gradient(net, &w.batch, work, grad, &r), UNROLL_OK);
        require_loss(g, &r, i);
        require_state(g, work, i);
        require_parameters(g, net, i == 0 ? "0.grad" : "1.grad", grad, one_pass);
        close_window(&w);
    }
    free(grad);
    unroll_work_free(work);
    unroll_net_free(net);
}
END_TEST

START_TEST(outputs)
{
    const golden *g = &cases[_i];
    const tensor *want = of_window(g, 0, "logits"), *input = of_window(g, 0, "input");
    if (!want)
        return;
    unroll_net *net = new_net(g);
    unroll_stepper *stepper = NULL;
    ck_assert_int_eq(unroll_stepper_new(net, &stepper), UNROLL_OK);
    const double scale = largest(want->count, want->data);
    for (size_t b = 0; b < g->B; b++) {
        unroll_stepper_reset(stepper);
        for (size_t t = 0; t < g->T; t++) {
            const size_t at = t * g->B + b;
            const unroll_real *got = unroll_stepper_step(stepper, (uint32_t)input->data[at]);
            for (size_t v = 0; v < g->outputs; v++)
                ck_assert_msg(fabs((double)got[v] - (double)want->data[at * g->outputs + v]) <=
                                  one_pass * scale,
                              "%s: logit %zu of row %zu at step %zu is %.9g, PyTorch has %.9g",
                              g->line, v, b, t, (double)got[v],
                              (double)want->data[at * g->outputs + v]);
        }
    }
    unroll_stepper_free(stepper);
    unroll_net_free(net);
}
END_TEST

/* A task that gives the same window again and again. */
static unroll_status next_batch(void *self, unroll_batch *out)
{
    *out = ((const window *)self)->batch;
    return UNROLL_OK;
}

static unroll_status no_evaluation(void *self, enum unroll_split split, uint64_t i,
                                   unroll_batch *out, bool *more)
{
    (void)self, (void)split, (void)i, (void)out;
    *more = false;
    return UNROLL_OK;
}

static void no_state(void *self, unroll_visit *visit, void *arg)
{
    (void)self, (void)visit, (void)arg;
}

static void run_updates(const golden *g, const char *run)
{
    unroll_net *net = new_net(g);
    window w;
    open_window(g, 0, &w);
    unroll_task task = {
        .self = &w,
        .inputs = g->inputs,
        .outputs = g->outputs,
        .features = w.batch.feature != NULL,
        .squared = w.batch.value != NULL,
        .tokens_per_batch = (double)(g->T * g->B),
        .next = next_batch,
        .eval = no_evaluation,
        .train_T = g->T,
        .train_B = g->B,
        .eval_T = g->T,
        .eval_B = g->B,
        .state = no_state,
    };
    unroll_learning learning = UNROLL_LEARNING_INIT;
    char optimizer[32];
    text_field(run, "optimizer", optimizer);
    learning.optimizer = optimizer;
    learning.lr = number_field(run, "lr");
    learning.weight_decay = number_field(run, "weight_decay");
    learning.momentum = number_field(run, "momentum");
    learning.clip_norm = number_field(run, "clip");
    learning.steps = size_field(run, "steps");
    learning.threads = 1;
    unroll_trainer *trainer = NULL;
    ck_assert_msg(unroll_trainer_new(net, &task, &learning, NULL, &trainer) == UNROLL_OK, "%s",
                  unroll_message());
    double clipped = 0;
    for (size_t i = 0; i < size_field(run, "steps"); i++) {
        unroll_progress p;
        ck_assert_int_eq(unroll_trainer_step(trainer, &p), UNROLL_OK);
        ck_assert(!p.skipped);
        clipped = p.clipped_share;
    }
    ck_assert_msg(clipped > 0, "%s: no step was clipped", run);
    char name[64];
    ck_assert_int_eq(sscanf(run, "run %63s", name), 1);
    require_parameters(g, net, name, unroll_net_weights(net), ten_updates);
    unroll_trainer_free(trainer);
    close_window(&w);
    unroll_net_free(net);
}

START_TEST(updates)
{
    for (size_t i = 0; i < cases[_i].runs; i++)
        run_updates(&cases[_i], cases[_i].run[i]);
}
END_TEST

Suite *make_suite(void)
{
    read_values();
    Suite *suite = suite_create("golden");
    TCase *tests = new_case(suite, "against PyTorch");
    const int n = (int)case_count;
    tcase_add_loop_test(tests, evaluating, 0, n);
    tcase_add_loop_test(tests, gradients, 0, n);
    tcase_add_loop_test(tests, outputs, 0, n);
    tcase_add_loop_test(tests, updates, 0, n);
    return suite;
}
