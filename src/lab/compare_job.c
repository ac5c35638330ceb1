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
#include "probe/inject.h"
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
    bool can_solve; /* a synthetic task; a text or a translation is never solved */
    bool probes;    /* asked for, and a translation has held-out pairs */
    bool half;      /* the curve during training is taken */
    double start;   /* of the training, in seconds */
    unroll_solved solved;
    compare_point sum; /* since the last point; step counts */
    unroll_evaluation valid;
} job;

/* ---- the gradient curve ---- */

static unroll_status add_curve(job *j, int when, const unroll_curve *curve)
{
    compare_result *r = j->result;
    const size_t layers = unroll_curve_layers(curve), states = unroll_curve_has_c(curve) ? 2 : 1;
    const size_t distances = unroll_curve_distances(curve);
    compare_distance *grown =
        unroll_realloc(r->distance, r->distances + layers * states * distances, sizeof *grown);
    if (!grown)
        return UNROLL_EMEMORY;
    r->distance = grown;
    unroll_curve_point *point = unroll_alloc(distances, sizeof *point);
    unroll_status status = point ? UNROLL_OK : UNROLL_EMEMORY;
    for (size_t i = 0; i < layers * states && status == UNROLL_OK; i++) {
        const size_t layer = i / states, state = i % states;
        status = unroll_curve_points(curve, layer, (enum unroll_state)state, point);
        for (size_t k = 0; k < distances && status == UNROLL_OK; k++)
            grown[r->distances++] =
                (compare_distance){when, {r->steps, layer, state ? 'c' : 'h', k, point[k]}};
    }
    unroll_free(point);
    return status;
}

/* Distances that the last losses of all rows reach which have one. */
static size_t reach(const unroll_batch *b)
{
    size_t least = b->T;
    for (size_t r = 0; r < b->B; r++) {
        const size_t length = unroll_batch_length(b, r);
        least = length && length < least ? length : least;
    }
    return least;
}

static unroll_status new_curve(const job *j, const unroll_batch *first, unroll_curve **out)
{
    const unroll_session *s = &j->session;
    unroll_curve_options o = {.size = sizeof o, .distances = reach(first)};
    if (s->corpus) {
        o.distances = o.distances < TEXT_DISTANCES ? o.distances : TEXT_DISTANCES;
        o.losses = UNROLL_LOSSES_SPACED;
    }
    o.through_statistics = j->ask->through && strcmp(s->config->norm, "recurrent-batch") == 0;
    return unroll_curve_new(s->model->net, &o, out);
}

/* The held-out batches' curves: of a synthetic task's first batch, the loss of its last target;
 * of a text one loss in every so many steps. The first batch decides how far they reach. */
static unroll_status measure(job *j, unroll_probe *probe, unroll_curve **curve)
{
    const unroll_session *s = &j->session;
    const unroll_task *task = &s->task;
    for (uint64_t i = 0; i < (s->corpus ? TEXT_BATCHES : 1); i++) {
        unroll_batch batch;
        bool more;
        UNROLL_TRY(task->eval(task->self, UNROLL_VALID, i, &batch, &more));
        if (!more || (i > 0 && batch.T < unroll_curve_distances(*curve)))
            break;
        batch.carry = 0;
        if (i == 0)
            UNROLL_TRY(new_curve(j, &batch, curve));
        UNROLL_TRY(unroll_curve_add(*curve, probe, &batch));
    }
    return UNROLL_OK;
}

/* Of an encoder–decoder, from the last target word back into the source. */
static unroll_status probe_pairs(job *j, int when)
{
    const unroll_session *s = &j->session;
    unroll_gradient_monitor_options o = {.size = sizeof o,
                                         .threads = (size_t)s->config->threads,
                                         .precision = UNROLL_PRECISION_DOUBLE};
    unroll_gradient_monitor *monitor;
    unroll_batch batch;
    UNROLL_TRY(unroll_recorder_sequences(s, &batch, &o.rows));
    UNROLL_TRY(unroll_gradient_monitor_new(s->model->net, &batch, &o, &monitor));
    unroll_status status = unroll_gradient_monitor_take(monitor);
    if (status == UNROLL_OK)
        status = add_curve(j, when, unroll_gradient_monitor_curve(monitor));
    if (status == UNROLL_OK)
        j->result->half_life[when] = unroll_gradient_monitor_fit(monitor)->half_life;
    unroll_gradient_monitor_free(monitor);
    return status;
}

static unroll_status probe_sequences(job *j, int when)
{
    const unroll_session *s = &j->session;
    unroll_probe *probe;
    unroll_curve *curve = NULL;
    unroll_fit fit;
    UNROLL_TRY(unroll_probe_new(s->model->net,
                                &(unroll_probe_options){.size = sizeof(unroll_probe_options),
                                                        .T = s->task.eval_T,
                                                        .B = s->task.eval_B,
                                                        .threads = (size_t)s->config->threads},
                                &probe));
    unroll_status status = measure(j, probe, &curve);
    if (status == UNROLL_OK && curve && unroll_curve_samples(curve)) {
        status = add_curve(j, when, curve);
        if (status == UNROLL_OK)
            status = unroll_fit_curve(curve, unroll_curve_layers(curve) - 1, UNROLL_STATE_H,
                                      j->seed, &fit);
        if (status == UNROLL_OK)
            j->result->half_life[when] = fit.half_life;
    }
    unroll_curve_free(curve);
    unroll_probe_free(probe);
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
    const unroll_saturation *s;
    size_t count = 0;
    while (unroll_diagnosis_saturation(d, count))
        count++;
    r->gate = unroll_alloc(count, sizeof *r->gate);
    if (!r->gate)
        return UNROLL_EMEMORY;
    for (size_t i = 0; (s = unroll_diagnosis_saturation(d, i)); i++)
        if (isfinite(s->low)) { /* else it is no gate */
            compare_gate *g = &r->gate[r->gates++];
            *g = (compare_gate){.layer = s->layer, .low = s->low, .high = s->high};
            memcpy(g->name, s->name, sizeof g->name);
        }
    return UNROLL_OK;
}

/* Of the first held-out batch. */
static unroll_status look_at_gates(job *j)
{
    const unroll_session *s = &j->session;
    unroll_batch batch;
    unroll_probe *probe;
    unroll_diagnosis *diagnosis = NULL;
    bool more;
    UNROLL_TRY(s->task.eval(s->task.self, UNROLL_VALID, 0, &batch, &more));
    UNROLL_TRY(unroll_probe_new(s->model->net,
                                &(unroll_probe_options){.size = sizeof(unroll_probe_options),
                                                        .T = batch.T,
                                                        .B = batch.B,
                                                        .threads = (size_t)s->config->threads},
                                &probe));
    batch.carry = 0;
    unroll_status status = unroll_diagnosis_measure(probe, &batch, 1, &diagnosis);
    if (status == UNROLL_OK)
        status = add_gates(j, diagnosis);
    unroll_diagnosis_free(diagnosis);
    unroll_probe_free(probe);
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
    grown[r->points++] =
        (compare_point){p->step, sum->loss / (double)sum->step, sum->accuracy / (double)sum->step};
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

/* By what bounds it, from 0 to 1. */
static double share_done(const job *j, const unroll_progress *p)
{
    const double seconds = j->session.config->learning.seconds;
    double share = p->last_step ? (double)p->step / (double)p->last_step : 0;
    if (seconds > 0)
        share = fmax(share, (unroll_seconds() - j->start) / seconds);
    return fmin(share, 1);
}

static unroll_status on_step(void *arg, const unroll_progress *p)
{
    job *j = arg;
    if (j->ask->progress)
        j->ask->progress(j->ask->progress_arg, share_done(j, p));
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
    j->session = (unroll_session){
        .config = config, .was_given = compare_was_given, .was_given_arg = config, .keep_text = true};
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
    const unroll_callbacks callbacks = {sizeof callbacks, j, on_step, on_evaluated, on_stop};
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
    r->recall_loss = e.recall_loss;
    return UNROLL_OK;
}

/* Greedily, sources that were held out. */
static unroll_status translate(job *j)
{
    compare_result *r = j->result;
    unroll_session *s = &j->session;
    unroll_translation_scores scores;
    UNROLL_TRY(unroll_score_pairs(s->model, s->pairs, UNROLL_VALID, SCORED_PAIRS,
                                  &(unroll_translator_pool_options){.beam = 1},
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
            r->length[r->lengths++] =
                (compare_length){i * scores.width + 1, (i + 1) * scores.width, b->pairs,
                                 unroll_exact_match(b), unroll_bleu_score(&b->bleu)};
    }
    return UNROLL_OK;
}

static unroll_status train_job(job *j)
{
    compare_result *r = j->result;
    enum unroll_stop why;
    if (j->probes)
        UNROLL_TRY(probe(j, COMPARE_START));
    j->start = unroll_seconds();
    unroll_status status = unroll_trainer_train(j->trainer, &why);
    r->steps = unroll_trainer_steps(j->trainer);
    if (status == UNROLL_ENUMERIC) {
        r->diverged = true;
        return UNROLL_OK;
    }
    UNROLL_TRY(status);
    UNROLL_TRY(evaluate(j));
    if (j->can_solve && j->ask->generalization)
        UNROLL_TRY(compare_generalization_measure(j->session.model->net, j->session.config->task,
                                                  j->seed, (size_t)j->session.config->threads, r));
    if (j->probes)
        UNROLL_TRY(probe(j, COMPARE_END));
    if (j->session.pairs)
        return translate(j);
    return j->probes ? look_at_gates(j) : UNROLL_OK;
}

/* The variant's options, with what this job has of its own. */
static unroll_status take_config(const compare_variant *v, uint64_t seed, size_t threads,
                                 unroll_config **config)
{
    UNROLL_TRY(unroll_config_new(config));
    UNROLL_TRY(unroll_config_assign(v->config, *config));
    (*config)->seed = seed;
    (*config)->threads = threads;
    return UNROLL_OK;
}

unroll_status compare_train(const compare_variant *v, uint64_t seed, size_t threads,
                            const compare_ask *ask, compare_result *out)
{
    *out = (compare_result){.loss = NAN,
                            .accuracy = NAN,
                            .recall_loss = NAN,
                            .exact = NAN,
                            .bleu = NAN,
                            .half_life = {NAN, NAN, NAN}};
    job *j = unroll_alloc(1, sizeof *j);
    unroll_config *config = NULL;
    unroll_status status = j ? take_config(v, seed, threads, &config) : UNROLL_EMEMORY;
    if (status == UNROLL_OK) {
        j->ask = ask;
        j->result = out;
        j->seed = seed;
        status = open_job(j, config);
    }
    if (status == UNROLL_OK)
        status = train_job(j);
    out->done = status == UNROLL_OK;
    if (j) {
        unroll_trainer_free(j->trainer);
        unroll_session_close(&j->session);
    }
    unroll_config_free(config);
    unroll_free(j);
    return status;
}

/* ---- how long it may take ---- */

typedef struct trial {
    double start, most, passed; /* seconds */
    uint64_t steps, last;       /* last 0: not bounded by steps */
} trial;

/* The first step is not counted: it touches memory for the first time. */
static unroll_status on_trial_step(void *arg, const unroll_progress *p)
{
    trial *t = arg;
    if (p->step == 1)
        t->start = unroll_seconds();
    t->steps = p->step - 1;
    t->passed = unroll_seconds() - t->start;
    t->last = p->last_step;
    return UNROLL_OK;
}

static bool on_trial_stop(void *arg)
{
    const trial *t = arg;
    return t->steps > 0 && t->passed > t->most;
}

static unroll_status try_steps(unroll_session *s, trial *t)
{
    unroll_trainer *trainer;
    enum unroll_stop why;
    s->config->learning.eval_every = UINT64_MAX;
    const unroll_callbacks callbacks = {sizeof callbacks, t, on_trial_step, NULL, on_trial_stop};
    const unroll_learning learning = unroll_config_learning(s->config);
    UNROLL_TRY(unroll_trainer_new(s->model->net, &s->task, &learning, &callbacks, &trainer));
    const unroll_status status = unroll_trainer_train(trainer, &why);
    unroll_trainer_free(trainer);
    return status == UNROLL_ENUMERIC ? UNROLL_OK : status;
}

unroll_status compare_estimate(const compare_variant *v, uint64_t seed, size_t threads, double most,
                               double *seconds)
{
    unroll_config *config = NULL;
    unroll_session session = {.was_given = compare_was_given};
    trial t = {.most = most};
    *seconds = NAN;
    unroll_status status = take_config(v, seed, threads, &config);
    const double bound = status == UNROLL_OK ? config->learning.seconds : 0;
    if (status == UNROLL_OK) {
        session.config = config;
        session.was_given_arg = config;
        status = unroll_session_open(&session, NULL, 0, NULL);
    }
    if (status == UNROLL_OK)
        status = try_steps(&session, &t);
    if (status == UNROLL_OK && t.steps && t.last)
        *seconds = t.passed / (double)t.steps * (double)t.last;
    if (bound > 0)
        *seconds = isnan(*seconds) ? bound : fmin(bound, *seconds);
    unroll_session_close(&session);
    unroll_config_free(config);
    return status;
}
