/* One job of a comparison: train a variant with a seed, and watch it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fail.h"
#include "base/memory.h"
#include "config/config.h"
#include "config/options.h"
#include "lab/compare.h"
#include "probe/gradient_monitor.h"
#include "probe/inject.h"
#include "probe/saturation.h"
#include "score/score_pairs.h"
#include "session/recorder.h"
#include "session/session.h"
#include "task/solved.h"

const char *const compare_when_name[COMPARE_WHENS] = {"start", "middle", "end"};

enum {
    TEXT_DISTANCES = 100, /* of a text's gradient curve, which could be as long as the text */
    TEXT_BATCHES = 8,
    SCORED_PAIRS = 3000
};
typedef struct job {
    const compare_ask *ask;
    unroll_session session;
    unroll_trainer *trainer;
    compare_result *result;
    uint64_t seed;
    bool can_solve;              /* a synthetic task; a text or a translation is never solved */
    bool probes;                 /* asked for, and a translation has held-out pairs */
    bool half;                   /* the curve during training is taken */
    double start;                /* of the training, in seconds */
    unroll_solved solved;
    compare_point sum;           /* since the last point; step counts */
    unroll_evaluation valid;
} job;

/* ---- the gradient curve ---- */

static unroll_status add_curve(job *j, int when, const unroll_curve *curve)
{
    compare_result *r = j->result;
    const size_t states = curve->has_c ? 2 : 1;
    const size_t more = curve->layers * states * curve->distances;
    compare_distance *grown = unroll_realloc(r->distance, r->distances + more, sizeof *grown);
    if (!grown)
        return UNROLL_EMEMORY;
    r->distance = grown;
    double *scratch = unroll_alloc(curve->samples, sizeof *scratch);
    if (!scratch)
        return UNROLL_EMEMORY;
    for (size_t l = 0; l < curve->layers; l++)
        for (size_t s = 0; s < states; s++)
            for (size_t k = 0; k < curve->distances; k++) {
                const unroll_curve_point p =
                    unroll_curve_at(curve, l, (enum unroll_state)s, k, scratch);
                grown[r->distances++] = (compare_distance){
                    .when = when, .step = r->steps, .layer = l, .state = s ? 'c' : 'h',
                    .distance = k, .mean = p.mean, .gmean = p.gmean, .q10 = p.q10,
                    .median = p.median, .q90 = p.q90, .n = p.n};
            }
    unroll_free(scratch);
    return UNROLL_OK;
}

/* The shortest way from a row's last loss to its first step. */
static size_t reach(const unroll_batch *b, const uint8_t *inject)
{
    size_t least = b->T;
    for (size_t r = 0; r < b->B; r++)
        for (size_t t = b->T; t-- > 0;)
            if (inject[t * b->B + r] == UNROLL_INJECT_RESTART) {
                least = t + 1 < least ? t + 1 : least;
                break;
            }
    return least;
}

/* The held-out batches' curves: of a synthetic task's first batch, the loss of its last target;
 * of a text many chains. The first batch decides how far they reach. */
static unroll_status measure(job *j, unroll_work *work, unroll_curve *curve)
{
    const unroll_session *s = &j->session;
    const unroll_task *task = &s->task;
    for (uint64_t i = 0; i < (s->corpus ? TEXT_BATCHES : 1); i++) {
        unroll_batch batch;
        bool more;
        UNROLL_TRY(task->eval(task->self, UNROLL_VALID, i, &batch, &more));
        if (!more || (i > 0 && batch.T < curve->distances))
            break;
        batch.carry = 0;
        uint8_t *inject = unroll_alloc(batch.T * batch.B, 1);
        if (!inject)
            return UNROLL_EMEMORY;
        unroll_inject_last(&batch, inject);
        size_t distances = reach(&batch, inject);
        if (s->corpus) {
            distances = distances < TEXT_DISTANCES ? distances : TEXT_DISTANCES;
            unroll_inject_comb(&batch, distances, inject);
        }
        unroll_status status = UNROLL_OK;
        if (i == 0)
            status = unroll_curve_for(s->model->net, distances, curve);
        curve->through = j->ask->through && strcmp(s->config->norm, "recurrent-batch") == 0;
        if (status == UNROLL_OK)
            status = unroll_curve_measure(s->model->net, work, &batch, inject, curve);
        unroll_free(inject);
        UNROLL_TRY(status);
    }
    return UNROLL_OK;
}

/* Of an encoder–decoder, from the last target word back into the source. */
static unroll_status probe_pairs(job *j, int when)
{
    const unroll_session *s = &j->session;
    unroll_windows *windows;
    unroll_gradient_monitor monitor;
    UNROLL_TRY(unroll_recorder_sequences(s, &windows));
    UNROLL_TRY(unroll_gradient_monitor_new(s->model->net, windows, &(unroll_gradient_monitor_plan){0},
                                           (size_t)s->config->threads, &monitor));
    unroll_status status = unroll_gradient_monitor_take(&monitor);
    if (status == UNROLL_OK)
        status = add_curve(j, when, &monitor.curve);
    if (status == UNROLL_OK)
        j->result->half_life[when] = monitor.fit.half_life;
    unroll_gradient_monitor_free(&monitor);
    return status;
}

static unroll_status probe_sequences(job *j, int when)
{
    const unroll_session *s = &j->session;
    const unroll_net *net = s->model->net;
    unroll_work *work;
    unroll_curve curve = {0};
    unroll_fit fit;
    UNROLL_TRY(unroll_work_new(net, s->task.eval_T, s->task.eval_B, true,
                               (size_t)s->config->threads, &work));
    unroll_status status = measure(j, work, &curve);
    if (status == UNROLL_OK && curve.samples)
        status = add_curve(j, when, &curve);
    if (status == UNROLL_OK && curve.samples)
        status = unroll_fit_curve(&curve, curve.layers - 1, UNROLL_STATE_H, j->seed, &fit);
    if (status == UNROLL_OK && curve.samples)
        j->result->half_life[when] = fit.half_life;
    unroll_curve_free(&curve);
    unroll_work_free(work);
    return status;
}

static unroll_status probe(job *j, int when)
{
    const unroll_status status = j->session.pairs ? probe_pairs(j, when) : probe_sequences(j, when);
    return status == UNROLL_ENUMERIC ? UNROLL_OK : status; /* nothing to measure is a finding, too */
}

static unroll_status add_gates(job *j, const unroll_diagnosis *d)
{
    compare_result *r = j->result;
    r->gate = unroll_alloc(d->count, sizeof *r->gate);
    if (!r->gate)
        return UNROLL_EMEMORY;
    for (size_t i = 0; i < d->count; i++)
        if (isfinite(d->share[i].low)) { /* else it is no gate */
            compare_gate *g = &r->gate[r->gates++];
            *g = (compare_gate){.layer = d->share[i].layer, .low = d->share[i].low, .high = d->share[i].high};
            memcpy(g->name, d->share[i].name, sizeof g->name);
        }
    return UNROLL_OK;
}

/* Of the first held-out batch. */
static unroll_status look_at_gates(job *j)
{
    const unroll_session *s = &j->session;
    const unroll_net *net = s->model->net;
    unroll_batch batch;
    unroll_work *work;
    unroll_diagnosis diagnosis = {0};
    bool more;
    UNROLL_TRY(s->task.eval(s->task.self, UNROLL_VALID, 0, &batch, &more));
    UNROLL_TRY(unroll_work_new(net, batch.T, batch.B, true, (size_t)s->config->threads, &work));
    batch.carry = 0;
    unroll_status status = unroll_diagnose(net, work, &batch, 1, &diagnosis);
    if (status == UNROLL_OK)
        status = add_gates(j, &diagnosis);
    unroll_diagnosis_free(&diagnosis);
    unroll_work_free(work);
    return status == UNROLL_ENUMERIC ? UNROLL_OK : status;
}

/* ---- while it trains ---- */

static uint64_t point_every(const job *j, const unroll_progress *p)
{
    enum { POINTS = 100, UNKNOWN = 20 };
    if (j->ask->point_every)
        return j->ask->point_every;
    return !p->last_step ? UNKNOWN : p->last_step > POINTS ? p->last_step / POINTS : 1;
}

static unroll_status add_point(job *j, const unroll_progress *p)
{
    compare_result *r = j->result;
    compare_point *sum = &j->sum;
    sum->step++;
    sum->loss += p->loss;
    sum->accuracy += p->accuracy;
    if (p->step % point_every(j, p) != 0 && p->step != p->last_step)
        return UNROLL_OK;
    compare_point *grown = unroll_realloc(r->point, r->points + 1, sizeof *grown);
    if (!grown)
        return UNROLL_EMEMORY;
    r->point = grown;
    grown[r->points++] = (compare_point){p->step, sum->loss / (double)sum->step,
                                         sum->accuracy / (double)sum->step};
    *sum = (compare_point){0};
    return UNROLL_OK;
}

/* Half of the updates or of the time, or the end where the task is solved before. */
static bool half_way(const job *j, const unroll_progress *p)
{
    const double seconds = j->session.config->learning.seconds;
    return (p->last_step && p->step == p->last_step / 2) ||
           (seconds > 0 && unroll_seconds() - j->start >= seconds / 2) ||
           (j->ask->stop_solved && j->result->solved);
}

static unroll_status on_step(void *arg, const unroll_progress *p)
{
    job *j = arg;
    j->result->steps = p->step;
    j->result->seconds += p->seconds;
    if (j->can_solve && !p->skipped)
        j->result->solved = unroll_solved_add(&j->solved, p->step, p->loss, p->accuracy);
    j->result->steps_to_solve = j->solved.step;
    UNROLL_TRY(add_point(j, p));
    if (!j->probes || j->half || !half_way(j, p))
        return UNROLL_OK;
    j->half = true;
    return probe(j, COMPARE_MIDDLE);
}

static unroll_status on_evaluated(void *arg, const unroll_evaluation *e)
{
    job *j = arg;
    j->valid = *e;
    return UNROLL_OK;
}

/* Asked before the step's callback, so it ends one step after the one that solved it. */
static bool on_stop(void *arg)
{
    const job *j = arg;
    return j->ask->stop_solved && j->result->solved;
}

/* ---- the whole ---- */

static unroll_status open_job(job *j, unroll_config *config)
{
    unroll_learning *l = &config->learning;
    /* what the user should know the parent has said when it looked at the variant */
    j->session = (unroll_session){.config = config, .was_given = compare_was_given, .was_given_arg = config,
                                  .keep_text = true};
    UNROLL_TRY(unroll_session_open(&j->session, NULL, 0, NULL));
    j->probes = j->ask->probe && (!j->session.pairs ||
                                  unroll_pairs_get_part(j->session.pairs, UNROLL_VALID)->count > 0);
    if (!j->session.corpus && !j->session.pairs) {
        const unroll_task_row *row;
        double keys[UNROLL_TASK_KEYS];
        UNROLL_TRY(unroll_task_parse(config->task, &row, keys));
        unroll_solved_start(&j->solved, row);
        j->can_solve = true;
    }
    /* Held-out losses on the way matter only to what waits for them. */
    if (l->eval_every == 0 && l->patience == 0 && strcmp(config->schedule, "plateau") != 0)
        l->eval_every = UINT64_MAX;
    const unroll_callbacks callbacks = {j, on_step, on_evaluated, on_stop};
    const unroll_learning learning = unroll_config_learning(config);
    return unroll_trainer_new(j->session.model->net, &j->session.task, &learning, &callbacks,
                              &j->trainer);
}

static unroll_status evaluate(job *j)
{
    compare_result *r = j->result;
    unroll_evaluation e;
    if (j->valid.step != r->steps || !(j->valid.targets > 0))
        UNROLL_TRY(unroll_trainer_evaluate(j->trainer, UNROLL_VALID, &j->valid));
    r->loss = j->valid.loss;
    r->accuracy = j->valid.accuracy;
    if (!j->can_solve)
        return UNROLL_OK;
    UNROLL_TRY(unroll_trainer_evaluate(j->trainer, UNROLL_TEST, &e));
    r->recall_loss = e.loss;
    return UNROLL_OK;
}

/* Greedily, sources that were held out. */
static unroll_status translate(job *j)
{
    compare_result *r = j->result;
    unroll_session *s = &j->session;
    unroll_translation_scores scores;
    UNROLL_TRY(unroll_score_pairs(s->model, s->pairs, UNROLL_VALID, SCORED_PAIRS, &(unroll_translator_pool_options){.beam = 1},
                           (size_t)s->config->threads, NULL, &scores));
    if (j->ask->probe)
        UNROLL_TRY(compare_map_measure(s->model->net, s->pairs, s->config->reverse_source, &r->map));
    r->exact = unroll_exact_match(&scores.all);
    r->bleu = unroll_bleu_score(&scores.all.bleu);
    if (!(r->length = unroll_alloc(scores.count, sizeof *r->length)))
        return UNROLL_EMEMORY;
    for (size_t i = 0; i < scores.count; i++) {
        const unroll_score_sums *b = &scores.bucket[i];
        if (b->pairs)
            r->length[r->lengths++] = (compare_length){
                i * scores.width + 1, (i + 1) * scores.width, b->pairs, unroll_exact_match(b),
                unroll_bleu_score(&b->bleu)};
    }
    return UNROLL_OK;
}

static unroll_status run_job(job *j)
{
    compare_result *r = j->result;
    enum unroll_stop why;
    if (j->probes)
        UNROLL_TRY(probe(j, COMPARE_START));
    j->start = unroll_seconds();
    unroll_status status = unroll_trainer_run(j->trainer, &why);
    r->steps = unroll_trainer_steps(j->trainer);
    if (status == UNROLL_ENUMERIC) {
        r->diverged = true;
        return UNROLL_OK;
    }
    UNROLL_TRY(status);
    UNROLL_TRY(evaluate(j));
    if (j->probes)
        UNROLL_TRY(probe(j, COMPARE_END));
    if (j->session.pairs)
        return translate(j);
    return j->probes ? look_at_gates(j) : UNROLL_OK;
}

unroll_status compare_train(const compare_variant *v, uint64_t seed, size_t threads,
                            const compare_ask *ask, compare_result *out)
{
    *out = (compare_result){.loss = NAN, .accuracy = NAN, .recall_loss = NAN, .exact = NAN,
                            .bleu = NAN,
                            .half_life = {NAN, NAN, NAN}};
    job *j = unroll_alloc(1, sizeof *j);
    unroll_config *config = NULL;
    unroll_status status = j ? unroll_config_new(&config) : UNROLL_EMEMORY;
    if (status == UNROLL_OK)
        status = unroll_options_copy(v->config, config);
    if (status == UNROLL_OK) {
        j->ask = ask;
        j->result = out;
        j->seed = config->seed = seed;
        config->threads = threads;
        status = open_job(j, config);
    }
    if (status == UNROLL_OK)
        status = run_job(j);
    out->done = status == UNROLL_OK;
    if (j) {
        unroll_trainer_free(j->trainer);
        unroll_session_close(&j->session);
    }
    unroll_config_free(config);
    unroll_free(j);
    return status;
}
