/* Published experiments: what their checks measure, and that each can be set up. */
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

static bool same(double a, double b)
{
    return isnan(b) ? isnan(a) : isinf(b) ? isinf(a) : fabs(a - b) < 1e-4 * (1 + fabs(b));
}

enum { SEEDS = 4 };

/* What one check makes of four seeds. */
typedef struct judgement {
    experiment_check check;
    double value[SEEDS]; /* of each */
    double low, high;    /* of a share's interval; 0 and 0: that of the mean of the values */
    size_t diverged;
    enum experiment_verdict verdict;
} judgement;

static void check_judgement(const compare_study *s, const judgement *j)
{
    const double *v = j->value;
    experiment_outcome o;
    unroll_interval interval = {j->low, j->high};
    if (j->low == 0 && j->high == 0)
        interval = unroll_mean_interval(v, SEEDS, 1);
    experiment_judge(s, &j->check, &o);
    const bool right = same(o.mean, (v[0] + v[1] + v[2] + v[3]) / SEEDS) &&
                       same(o.low, interval.low) && same(o.high, interval.high) &&
                       o.diverged == j->diverged;
    ck_assert_msg(right, "quantity %d of %s: %g [%g, %g], %zu diverged", (int)j->check.quantity,
                  j->check.variant, o.mean, o.low, o.high, o.diverged);
    ck_assert_msg(o.verdict == j->verdict, "quantity %d of %s: verdict %d", (int)j->check.quantity,
                  j->check.variant, (int)o.verdict);
}

START_TEST(checks_measure_what_they_say)
{
    const enum experiment_verdict NO = EXPERIMENT_FAILS, OPEN = EXPERIMENT_OPEN,
                                  YES = EXPERIMENT_HOLDS;
    const double none = INFINITY;
    common->learning.steps = 9;
    compare_variant v[2] = {
        {.label = (char *)"a", .config = common, .baseline = 0.5, .chance = 0.25},
        {.label = (char *)"b", .config = common, .baseline = 0.5, .chance = 0.25}};
    compare_distance near = {COMPARE_START, {0, 0, 'h', 0, {0, 1e-3, 0, 0, 0, 1}}};
    compare_length lengths[] = {{1, 6, 9, 0.75, 60}, {7, 12, 9, 0.25, 40}};
    const compare_result good = {.done = true,
                                 .solved = true,
                                 .steps = 9,
                                 .steps_to_solve = 5,
                                 .loss = 0.1,
                                 .accuracy = 1,
                                 .length = lengths,
                                 .lengths = 2};
    const compare_result half = {
        .done = true, .steps = 9, .loss = 0.3, .accuracy = 0.5, .length = lengths, .lengths = 2};
    const compare_result broken = {.done = true,
                                   .solved = true,
                                   .steps_to_solve = 3,
                                   .steps = 4,
                                   .diverged = true,
                                   .loss = NAN,
                                   .accuracy = NAN};
    const compare_result bad = {
        .done = true, .steps = 9, .loss = 0.5, .accuracy = 0.25, .distance = &near, .distances = 1};
    compare_result r[2 * SEEDS] = {good, half, good, half, broken, bad, bad, bad};
    const compare_study s = {.variant = v, .variants = 2, .seeds = SEEDS, .result = r};
    const judgement known[] = {
        /* means: the whole interval must be within the bounds */
        {{"", "", EXPERIMENT_LOSS, "a", NULL, -none, 1.5, 0}, {0.1, 0.3, 0.1, 0.3}, 0, 0, 0, YES},
        {{"", "", EXPERIMENT_LOSS, "a", NULL, -none, 0.21, 0}, {0.1, 0.3, 0.1, 0.3}, 0, 0, 0, OPEN},
        {{"", "", EXPERIMENT_LOSS, "a", NULL, 0.19, none, 0}, {0.1, 0.3, 0.1, 0.3}, 0, 0, 0, OPEN},
        {{"", "", EXPERIMENT_LOSS, "a", NULL, 0.21, none, 0}, {0.1, 0.3, 0.1, 0.3}, 0, 0, 0, NO},
        {{"", "", EXPERIMENT_BASELINE, "a", NULL, 0.5, none, 0}, {0.2, 0.6, 0.2, 0.6}, 0, 0, 0, NO},
        {{"", "", EXPERIMENT_EXACT, "a", NULL, 0.2, none, 12}, {0.25, 0.25, 0.25, 0.25}, 0, 0, 0, YES},
        {{"", "", EXPERIMENT_BLEU, "a", NULL, 0.2, none, 1}, {60, 60, 60, 60}, 0, 0, 0, YES},
        /* Wilson's intervals of shares */
        {{"", "", EXPERIMENT_SOLVED, "a", NULL, 0.14, none, 0}, {1, 0, 1, 0}, 0.15004, 0.84996, 0, YES},
        {{"", "", EXPERIMENT_SOLVED, "a", NULL, 0.16, none, 0}, {1, 0, 1, 0}, 0.15004, 0.84996, 0, OPEN},
        {{"", "", EXPERIMENT_SOLVED, "b", NULL, -none, 0.5, 0}, {0}, 0, 0.48990, 1, YES},
        {{"", "", EXPERIMENT_DIVERGED, "b", NULL, 0.1, none, 0}, {1, 0, 0, 0}, 0.04559, 0.69936, 1, OPEN},
        /* Newcombe's: 1/2 − sqrt(0.34996² + 0.48990²), 1/2 + 0.34996 */
        {{"", "", EXPERIMENT_SOLVED, "a", "b", -0.11, none, 0}, {1, 0, 1, 0}, -0.10206, 0.84996, 1, YES},
        /* unsolved and diverged trainings have used all of their 9 updates */
        {{"", "", EXPERIMENT_STEPS, "a", NULL, -none, 6.9, 0}, {5, 9, 5, 9}, 0, 0, 0, NO},
        {{"", "", EXPERIMENT_STEPS, "b", NULL, 8.9, 9.1, 0}, {9, 9, 9, 9}, 0, 0, 1, YES},
        {{"", "", EXPERIMENT_STEPS, "b", "b", -none, -1, 0}, {0, 0, 0, 0}, 0, 0, 2, NO},
        /* one that diverged has no accuracy, and a loss that is in the mean */
        {{"", "", EXPERIMENT_ACCURACY, "b", NULL, -none, 0.2, 0}, {0, 0.25, 0.25, 0.25}, 0, 0, 1, OPEN},
        {{"", "", EXPERIMENT_ACCURACY, "a", "b", -1, none, 0}, {1, 0.25, 0.75, 0.25}, 0, 0, 1, YES},
        {{"", "", EXPERIMENT_LOSS, "b", NULL, -none, 9, 0}, {none, 0, 0, 0}, NAN, NAN, 1, NO},
        {{"", "", EXPERIMENT_LOSS, "b", NULL, 0, none, 0}, {none, 0, 0, 0}, NAN, NAN, 1, NO},
        /* what was not measured */
        {{"", "", EXPERIMENT_DECADES, "b", NULL, -9, none, 0}, {NAN}, NAN, NAN, 1, NO},
        {{"", "", EXPERIMENT_BLEU, "a", NULL, 0.2, none, 13}, {NAN}, NAN, NAN, 0, NO},
        {{"", "", EXPERIMENT_ACCURACY, "c", NULL, 0, none, 0}, {NAN}, NAN, NAN, 0, NO},
        {{"", "", EXPERIMENT_ACCURACY, "c", NULL, -none, 0, 0}, {NAN}, NAN, NAN, 0, NO}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        check_judgement(&s, &known[i]);
}
END_TEST

/* Three seeds have no interval, so that no verdict rests on them. */
START_TEST(few_seeds_are_no_verdict)
{
    compare_variant v = {.label = (char *)"a", .config = common, .baseline = 0.5, .chance = 0.25};
    const compare_result one = {
        .done = true, .solved = true, .steps = 9, .steps_to_solve = 5, .accuracy = 1};
    compare_result r[UNROLL_INTERVAL_FROM] = {one, one, one, one};
    static const enum experiment_quantity quantity[] = {EXPERIMENT_SOLVED, EXPERIMENT_ACCURACY};
    for (size_t i = 0; i < 2; i++)
        for (size_t n = 1; n <= UNROLL_INTERVAL_FROM; n++) {
            const compare_study s = {.variant = &v, .variants = 1, .seeds = n, .result = r};
            const experiment_check good = {"", "", quantity[i], "a", NULL, 0.5, INFINITY, 0};
            const experiment_check bad = {"", "", quantity[i], "a", NULL, -INFINITY, 0.5, 0};
            const bool few = n < UNROLL_INTERVAL_FROM;
            experiment_outcome o;
            experiment_judge(&s, &good, &o);
            ck_assert_int_eq(o.verdict, few ? EXPERIMENT_OPEN : EXPERIMENT_HOLDS);
            ck_assert(isnan(o.low) == few && isnan(o.high) == few);
            experiment_judge(&s, &bad, &o);
            ck_assert_int_eq(o.verdict, EXPERIMENT_FAILS);
        }
}
END_TEST

/* A label that no variant has would measure nothing, for ever. */
static void check_setting(const experiment *e, const experiment_setting *setting)
{
    compare_variant all, v[EXPERIMENT_VARIANTS];
    compare_sweep sweep = {0};
    size_t count = 0;
    ck_assert_msg(compare_variant_parse(setting->common, common, &all) == UNROLL_OK, "%s: %s",
                  e->name, unroll_message());
    compare_variant *list = unroll_alloc(EXPERIMENT_VARIANTS, sizeof *list);
    for (; setting->variant[count]; count++)
        ck_assert_msg(compare_variant_parse(setting->variant[count], all.config, &v[count]) ==
                          UNROLL_OK,
                      "%s: %s", e->name, unroll_message());
    memcpy(list, v, count * sizeof *v);
    if (setting->sweep) {
        ck_assert_int_eq(compare_sweep_parse(setting->sweep, &sweep), UNROLL_OK);
        ck_assert_int_eq(compare_sweep_apply(&sweep, &list, &count), UNROLL_OK);
    }
    ck_assert(count > 0 && setting->check[0].what && setting->seeds > 0);
    for (const experiment_check *c = setting->check; c->what; c++) {
        bool found = false, other = !c->minus;
        for (size_t i = 0; i < count; i++) {
            found = found || strcmp(list[i].label, c->variant) == 0;
            other = other || strcmp(list[i].label, c->minus) == 0;
        }
        ck_assert_msg(found && other, "%s: no variant for '%s'", e->name, c->what);
    }
    for (size_t i = 0; i < count; i++)
        compare_variant_free(&list[i]);
    unroll_free(list);
    compare_sweep_free(&sweep);
    compare_variant_free(&all);
}

START_TEST(every_experiment_can_be_set_up)
{
    for (size_t i = 0; experiment_table[i]; i++) {
        check_setting(experiment_table[i], &experiment_table[i]->full);
        check_setting(experiment_table[i], &experiment_table[i]->quick);
    }
}
END_TEST

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
    Suite *suite = suite_create("experiments");
    TCase *t = new_case(suite, "experiments");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, checks_measure_what_they_say);
    tcase_add_test(t, few_seeds_are_no_verdict);
    tcase_add_test(t, every_experiment_can_be_set_up);
    tcase_add_test(t, every_experiment_can_fail);
    tcase_add_test(t, quick_settings_say_what_they_test);
    tcase_add_test(t, verdicts_say_what_was_tested);
    tcase_add_test(t, controls_change_every_learning_rate);
    return suite;
}
