/* Published experiments can fail: each holds with good results that are made up, and with bad ones it does not. */
#include <check.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/samples.h"
#include "config/config.h"
#include "lab/compare.h"
#include "lab/experiment.h"
#include "lab/reproduce.h"
#include "runner.h"
#include "task/task.h"

static unroll_config *common;

static void setup(void)
{
    ck_assert_int_eq(unroll_config_new(&common), UNROLL_OK);
    ck_assert_int_eq(unroll_config_set(common, "task", "copy:delay=5,length=2"), UNROLL_OK);
}

static void teardown(void)
{
    unroll_config_free(common);
}

/* ---- results that are made up ---- */

enum {
    FAR = 201,
    LAYERS = 2,
    GATES = 2,
    BUCKETS = 6,
    BUCKET = 6,
    VARIANTS_MAX = 40,
    SEEDS_MAX = 5
};

/* What all trainings of a variant found. */
typedef struct made_up {
    double decades_a_step, decades_a_depth; /* fresh */
    bool solved, diverged;
    double steps, loss, accuracy, recall;
    double forget_open[2], forget_shut[2],
        saturated;                        /* by layer; the last one's more than the first's */
    double exact[BUCKETS], bleu[BUCKETS]; /* by length */
} made_up;

static double budget(const compare_variant *v)
{
    return (double)v->config->learning.steps;
}

/* What a guess has, from a network that learned nothing. */
static made_up guess(const compare_variant *v)
{
    return (made_up){.steps = budget(v),
                     .loss = isnan(v->baseline) ? 4 : v->baseline,
                     .accuracy = v->chance,
                     .recall = -log(v->chance)};
}

/* Somewhere between the bounds; shares are of seeds that are all alike. */
static double between(const experiment_check *c)
{
    if (c->quantity == EXPERIMENT_SOLVED || c->quantity == EXPERIMENT_DIVERGED)
        return c->low > 0;
    if (isfinite(c->low) && isfinite(c->high))
        return c->low + (c->high - c->low) / 2;
    return isfinite(c->low) ? c->low + 0.1 * fabs(c->low) + 1e-3
                            : c->high - 0.1 * fabs(c->high) - 1e-3;
}

/* Make the quantity of a check be x. */
static void make(made_up *m, const compare_variant *v, const experiment_check *c, double x)
{
    const double top = (double)v->config->layers - 1;
    switch (c->quantity) {
    case EXPERIMENT_SOLVED:
        m->solved = x > 0;
        m->steps = m->solved ? fmin(m->steps, budget(v) / 2) : budget(v);
        break;
    case EXPERIMENT_STEPS: m->steps = x, m->solved = true; break;
    case EXPERIMENT_ACCURACY: m->accuracy = x; break;
    case EXPERIMENT_LOSS: m->loss = x; break;
    case EXPERIMENT_BASELINE: m->loss = x * v->baseline; break;
    case EXPERIMENT_RECALL: m->recall = x * -log(v->chance); break;
    case EXPERIMENT_DECADES: m->decades_a_step = x / (double)c->at; break;
    case EXPERIMENT_SLOPE: m->decades_a_step = x; break;
    case EXPERIMENT_DEPTH: m->decades_a_depth = top > 0 ? x : 0; break;
    case EXPERIMENT_DIVERGED: m->loss = (x > 0 ? 4 : 1) * v->baseline; break;
    case EXPERIMENT_FORGET_OPEN: m->forget_open[c->at > 0] = x; break;
    case EXPERIMENT_FORGET_SHUT: m->forget_shut[c->at > 0] = x; break;
    case EXPERIMENT_GATES_RISE: m->saturated = x; break;
    case EXPERIMENT_EXACT: m->exact[(c->at - 1) / BUCKET] = x; break;
    case EXPERIMENT_BLEU: m->bleu[(c->at - 1) / BUCKET] = x; break;
    }
}
/* The same from each seed; its arrays are freed by compare_result_free(). */
static compare_result result_of(const made_up *m, const compare_variant *v)
{
    const size_t top = (size_t)v->config->layers - 1;
    compare_result r = {.done = true,
                        .solved = m->solved,
                        .diverged = m->diverged,
                        .steps = (uint64_t)(m->diverged ? 1 : budget(v)),
                        .steps_to_solve = m->solved ? (uint64_t)m->steps : 0,
                        .loss = m->loss,
                        .accuracy = m->accuracy,
                        .recall_loss = m->recall,
                        .distance = unroll_alloc((size_t)FAR * LAYERS, sizeof *r.distance),
                        .gate = unroll_alloc((size_t)LAYERS * GATES, sizeof *r.gate),
                        .length = unroll_alloc(BUCKETS, sizeof *r.length)};
    ck_assert(r.distance && r.gate && r.length);
    for (size_t l = 0; l < LAYERS; l++)
        for (size_t k = 0; k < FAR && (l == 0 || top > 0); k++)
            r.distance[r.distances++] = (compare_distance){
                COMPARE_START,
                {0,
                 l ? top : 0,
                 'h',
                 k,
                 {.gmean = pow(10, m->decades_a_step * (double)k + (l ? 0 : m->decades_a_depth)),
                  .n = 1}}};
    if (m->diverged)
        return r;
    const double rise =
        m->saturated + m->forget_open[0] + m->forget_shut[0] - m->forget_open[1] - m->forget_shut[1];
    for (size_t l = 0; l < LAYERS && top > 0; l++) {
        const double other = l ? m->saturated + rise : 0;
        r.gate[r.gates++] = (compare_gate){l ? top : 0, "f", m->forget_shut[l], m->forget_open[l]};
        r.gate[r.gates++] = (compare_gate){l ? top : 0, "o", other, 0};
    }
    for (size_t i = 0; i < BUCKETS; i++)
        r.length[r.lengths++] =
            (compare_length){i * BUCKET + 1, (i + 1) * BUCKET, 9, m->exact[i], m->bleu[i]};
    return r;
}

/* Let the reproduction's study have found this. */
static void find(reproduction *r, const made_up *all)
{
    compare_study *s = &r->study;
    s->result = unroll_alloc(s->variants * (size_t)s->seeds, sizeof *s->result);
    ck_assert_ptr_nonnull(s->result);
    for (size_t v = 0; v < s->variants; v++)
        for (size_t k = 0; k < s->seeds; k++)
            *compare_at(s, v, k) = result_of(&all[v], &s->variant[v]);
}

static void forget(reproduction *r)
{
    compare_study *s = &r->study;
    for (size_t i = 0; i < s->variants * (size_t)s->seeds; i++)
        compare_result_free(&s->result[i]);
    unroll_free(s->result);
    s->result = NULL;
}

static void judge(reproduction *r, const made_up *all)
{
    find(r, all);
    unroll_table_free(&r->table);
    reproduction_judge(r);
    forget(r);
}

/* What the check lacks, done to its variant. */
static void mend(reproduction *r, made_up *all, const experiment_check *c)
{
    const compare_study *s = &r->study;
    experiment_check other = *c;
    experiment_outcome now, of_other = {0};
    size_t v = 0;
    while (strcmp(s->variant[v].label, c->variant) != 0)
        v++;
    other.variant = c->minus;
    other.minus = NULL;
    find(r, all);
    experiment_judge(s, c, &now);
    if (c->minus)
        experiment_judge(s, &other, &of_other);
    forget(r);
    if (now.verdict != EXPERIMENT_HOLDS)
        make(&all[v], &s->variant[v], c, of_other.mean + between(c));
}

/* All that the checks ask for: first of one variant, then differences. */
static void make_good(reproduction *r, made_up *all)
{
    for (size_t v = 0; v < r->study.variants; v++)
        all[v] = guess(&r->study.variant[v]);
    for (int differences = 0; differences < 2; differences++)
        for (const experiment_check *c = r->setting->check; c->what; c++)
            if (!c->minus == !differences)
                mend(r, all, c);
}

/* As fresh as `good`, and trained as `m` is. */
static made_up trained(const made_up *good, made_up m)
{
    m.decades_a_step = good->decades_a_step;
    m.decades_a_depth = good->decades_a_depth;
    return m;
}

enum bad { UNTRAINED, GUESSING, DIVERGED, HUGE, UNSOLVED, ALL_SOLVED, BADS };
static const char *const bad_name[BADS] = {"untrained", "guessing",       "diverged",
                                           "huge",      "nothing solved", "all solved alike"};

static made_up bad(const made_up *good, const compare_variant *v, enum bad how)
{
    made_up m = guess(v);
    switch (how) {
    case UNTRAINED: /* of copying: before it has learned where the blanks are */
        m.loss *= strstr(v->config->task, "copy") ? 20 : 1.05;
        break;
    case GUESSING: break;
    case DIVERGED:
        m.diverged = true;
        m.loss = m.accuracy = m.recall = NAN;
        break;
    case HUGE: m.loss *= 1e3; break;
    case UNSOLVED:
        m = *good;
        m.solved = false;
        m.steps = budget(v);
        m.loss = fmax(m.loss, 0.95 * guess(v).loss);
        m.accuracy = fmin(m.accuracy, v->chance + 0.05);
        memset(m.exact, 0, sizeof m.exact);
        memset(m.bleu, 0, sizeof m.bleu);
        break;
    case ALL_SOLVED:
        m.solved = true;
        m.steps = budget(v) / 4;
        m.loss = m.recall = 1e-3;
        m.accuracy = 1;
        for (size_t i = 0; i < BUCKETS; i++)
            m.exact[i] = 1, m.bleu[i] = 100;
        break;
    case BADS: break;
    }
    return trained(good, m);
}

static void open_setting(const experiment *e, bool quick, reproduction *r)
{
    ck_assert_int_eq(reproduction_open(e, quick, REPRODUCTION_PLAIN, r), UNROLL_OK);
    ck_assert(r->study.variants <= VARIANTS_MAX);
    for (size_t i = 0; i < r->study.variants; i++) {
        const unroll_task_row *row;
        double keys[UNROLL_TASK_KEYS];
        compare_variant *v = &r->study.variant[i];
        v->baseline = v->chance = NAN;
        if (strcmp(v->config->task, "char") == 0 || unroll_task_translates(v->config->task))
            continue;
        ck_assert_int_eq(unroll_task_parse(v->config->task, &row, keys), UNROLL_OK);
        v->baseline = row->baseline(keys);
        v->chance = row->chance(keys);
    }
}

/* Does the claim say that something is not learned, or less well? Else it holds where all is learned. */
static bool tells_learning_apart(const experiment_setting *setting)
{
    for (const experiment_check *c = setting->check; c->what; c++)
        switch (c->quantity) {
        case EXPERIMENT_DECADES:
        case EXPERIMENT_SLOPE:
        case EXPERIMENT_DEPTH: break;
        case EXPERIMENT_LOSS:
        case EXPERIMENT_BASELINE:
        case EXPERIMENT_RECALL:
            if (c->minus || isfinite(c->low))
                return true;
            break;
        default:
            if (c->minus || isfinite(c->high))
                return true;
        }
    return false;
}

/* A good result holds, and with three seeds is left open; results as of networks that learn nothing, learn all, or diverge
 * do not hold. */
static void check_made_up(const experiment *e, bool quick)
{
    made_up good[VARIANTS_MAX], other[VARIANTS_MAX];
    reproduction r;
    open_setting(e, quick, &r);
    make_good(&r, good);
    judge(&r, good);
    for (size_t i = 0; i < r.checks; i++)
        ck_assert_msg(r.outcome[i].verdict == EXPERIMENT_HOLDS, "%s%s: '%s' with %g", e->name,
                      quick ? ", quick" : "", r.setting->check[i].what, r.outcome[i].mean);
    const uint64_t seeds = r.study.seeds;
    r.study.seeds = UNROLL_INTERVAL_FROM - 1;
    judge(&r, good);
    ck_assert(r.failed == 0 && r.open == r.checks);
    r.study.seeds = seeds;
    for (enum bad how = 0; how < BADS; how++) {
        if (how == ALL_SOLVED && !tells_learning_apart(r.setting))
            continue;
        for (size_t v = 0; v < r.study.variants; v++)
            other[v] = bad(&good[v], &r.study.variant[v], how);
        judge(&r, other);
        ck_assert_msg(r.failed > 0, "%s%s: holds though %s", e->name, quick ? ", quick" : "",
                      bad_name[how]);
    }
    reproduction_free(&r);
}

START_TEST(every_experiment_can_fail)
{
    for (size_t i = 0; experiment_table[i]; i++) {
        check_made_up(experiment_table[i], false);
        check_made_up(experiment_table[i], true);
    }
}
END_TEST

/* ---- what the verdict says ---- */

static bool same_checks(const experiment_check *a, const experiment_check *b)
{
    for (; a->what && b->what; a++, b++)
        if (strcmp(a->what, b->what) != 0 || a->quantity != b->quantity || a->low != b->low ||
            a->high != b->high || a->at != b->at)
            return false;
    return !a->what && !b->what;
}

/* A quick setting says what it tested, or tests what the full one does. All have seeds enough for a verdict. */
START_TEST(quick_settings_say_what_they_test)
{
    for (size_t i = 0; experiment_table[i]; i++) {
        const experiment *e = experiment_table[i];
        ck_assert_msg(!e->full.part, "%s", e->name);
        ck_assert_msg(e->quick.part || same_checks(e->full.check, e->quick.check), "%s", e->name);
        ck_assert_msg(e->full.seeds >= UNROLL_INTERVAL_FROM && e->quick.seeds >= UNROLL_INTERVAL_FROM,
                      "%s", e->name);
    }
}
END_TEST

static void check_verdict(const char *name, bool quick, enum reproduction_control control,
                          bool good, const char *const *says)
{
    made_up all[VARIANTS_MAX];
    const experiment *e;
    reproduction r;
    char text[REPRODUCTION_VERDICT];
    ck_assert_int_eq(experiment_find(name, &e), UNROLL_OK);
    open_setting(e, quick, &r);
    r.control = control;
    make_good(&r, all);
    for (size_t v = 0; v < r.study.variants && !good; v++)
        all[v] = bad(&all[v], &r.study.variant[v], GUESSING);
    judge(&r, all);
    reproduction_verdict(&r, text);
    for (; *says; says++)
        ck_assert_msg(strstr(text, *says), "'%s' does not say '%s'", text, *says);
    reproduction_free(&r);
}

START_TEST(verdicts_say_what_was_tested)
{
    check_verdict("le2015-irnn", false, REPRODUCTION_PLAIN, true,
                  (const char *const[]){"It holds with 5 seeds, in a setting that is not the source's: 64 "
                                        "units instead of 100",
                                        NULL});
    check_verdict("le2015-irnn", true, REPRODUCTION_PLAIN, true,
                  (const char *const[]){"Only a part of the claim was tested: Length 60 instead of 150. "
                                        "That part holds with 8 seeds, in a setting that is not",
                                        NULL});
    check_verdict("le2015-irnn", true, REPRODUCTION_UNTRAINED, false,
                  (const char *const[]){
                      "Control: every learning rate times 0, under which it must not hold.",
                      "That part does NOT hold with 8 seeds", NULL});
}
END_TEST

START_TEST(controls_change_every_learning_rate)
{
    static const double factor[REPRODUCTION_CONTROLS] = {1, 0, 1e5};
    for (size_t i = 0; experiment_table[i]; i++) {
        reproduction plain, r;
        open_setting(experiment_table[i], true, &plain);
        for (int c = 0; c < REPRODUCTION_CONTROLS; c++) {
            ck_assert_int_eq(reproduction_open(experiment_table[i], true,
                                               (enum reproduction_control)c, &r),
                             UNROLL_OK);
            for (size_t v = 0; v < r.study.variants; v++)
                ck_assert_double_eq(r.study.variant[v].config->learning.lr,
                                    factor[c] * plain.study.variant[v].config->learning.lr);
            reproduction_free(&r);
        }
        reproduction_free(&plain);
    }
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("experiment claims");
    TCase *t = new_case(suite, "experiment claims");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, every_experiment_can_fail);
    tcase_add_test(t, quick_settings_say_what_they_test);
    tcase_add_test(t, verdicts_say_what_was_tested);
    tcase_add_test(t, controls_change_every_learning_rate);
    return suite;
}
