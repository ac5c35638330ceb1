#include "session/session.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/display.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/path.h"
#include "cell/cells.h"
#include "config/config.h"

/* ---- before any text is read ---- */

/* Weights, gradient, two moments and both packed directions. */
enum { COPIES = 6 };

static double count_weights(const unroll_config *c, double inputs, double outputs)
{
    const unroll_cell *cell = unroll_config_cell(c);
    const double G = (double)cell->gates, H = (double)c->hidden, L = (double)c->layers;
    const double first = c->embedding ? (double)c->embedding : inputs;
    return (double)c->embedding * inputs + G * H * (first + H + 2) + (L - 1) * G * H * (2 * H + 2) +
           L * (double)cell->diagonals * H + outputs * (H + 1);
}

static double machine_bytes(void)
{
    const double bytes = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    return bytes > 0 ? bytes : HUGE_VAL;
}

static unroll_status check_weights(const unroll_config *c, double inputs, double outputs)
{
    const double need = COPIES * sizeof(unroll_real) * count_weights(c, inputs, outputs);
    char a[UNROLL_NUMBER_MAX], b[UNROLL_NUMBER_MAX];
    if (need > machine_bytes())
        return unroll_fail(UNROLL_EMEMORY,
                           UNROLL_OPTION
                           "hidden %llu with " UNROLL_OPTION
                           "layers %llu takes %s; this machine has %s; lower one of them",
                           (unsigned long long)c->hidden, (unsigned long long)c->layers,
                           unroll_display_bytes(a, need), unroll_display_bytes(b, machine_bytes()));
    return UNROLL_OK;
}

/* All of it, before the larger part is allocated: a system that promises more than it has would
 * kill the training later. */
static unroll_status check_all(const unroll_session *s)
{
    const double need = unroll_session_bytes(s);
    char a[UNROLL_NUMBER_MAX], b[UNROLL_NUMBER_MAX];
    if (need > machine_bytes())
        return unroll_fail(UNROLL_EMEMORY,
                           "training takes about %s; this machine has %s; lower " UNROLL_OPTION
                           "batch, %s" UNROLL_OPTION "hidden or " UNROLL_OPTION "layers",
                           unroll_display_bytes(a, need), unroll_display_bytes(b, machine_bytes()),
                           s->corpus ? UNROLL_OPTION "seq-length, " : "");
    return UNROLL_OK;
}

/* ---- what was asked for ---- */

bool unroll_session_changed(const unroll_config *config, const unroll_option *option)
{
    char *text = unroll_option_get(option, 0, config);
    const char *unset = option->type == UNROLL_FLAG ? "false" : "";
    const bool changed = !text || strcmp(text, option->preset ? option->preset : unset) != 0;
    unroll_free(text);
    return changed;
}

static bool is_given(const unroll_session *s, const char *name)
{
    size_t base;
    const unroll_option *o = unroll_option_find(unroll_config_lists, name, &base);
    return s->was_given ? s->was_given(s->was_given_arg, o) : unroll_session_changed(s->config, o);
}

static void say(const unroll_session *s, const char *text)
{
    if (s->note)
        s->note(s->note_arg, text);
}

/* ---- texts ---- */

/* The corpus that ships with the program: in the source tree by UNROLL_CORPORA, or installed. */
static unroll_status shipped(char **path)
{
    const char *folder = getenv("UNROLL_CORPORA");
    folder = folder && *folder ? folder : UNROLL_CORPORA;
    *path = unroll_path_join(folder, "english.txt");
    if (!*path)
        return UNROLL_EMEMORY;
    if (access(*path, R_OK) == 0)
        return UNROLL_OK;
    const unroll_status status =
        unroll_fail(UNROLL_ENOINPUT,
                    "%s: the corpus that ships with unroll is not there; give a "
                    "FILE, or set UNROLL_CORPORA to the directory that has it",
                    *path);
    unroll_free(*path);
    *path = NULL;
    return status;
}

/* The texts of this run as whole paths, one a line, so that it can be resumed from anywhere. Where
 * only the folder we are in has a newline in its name, a path from here has to do. */
static unroll_status remember(unroll_config *c, char *const *files, size_t count)
{
    size_t room = 1, at = 0;
    for (size_t i = 0; i < count; i++)
        room += PATH_MAX + strlen(files[i]) + 1; /* a name may be too long to be one */
    char *list = unroll_alloc(room, 1);
    if (!list)
        return UNROLL_EMEMORY;
    for (size_t i = 0; i < count; i++) {
        char whole[PATH_MAX];
        const bool real =
            strcmp(files[i], "-") != 0 && realpath(files[i], whole) && !strchr(whole, '\n');
        if (!real && strchr(files[i], '\n')) {
            unroll_free(list);
            return unroll_fail(UNROLL_EUSAGE,
                               "%s: a name with a newline cannot be kept for " UNROLL_OPTION
                               "resume; rename it",
                               files[i]);
        }
        at += (size_t)snprintf(list + at, room - at, "%s%s", i ? "\n" : "", real ? whole : files[i]);
    }
    unroll_free(c->corpus);
    c->corpus = list;
    return UNROLL_OK;
}

/* What a session is made of: a corpus, or pairs. */
typedef struct reading {
    unroll_corpus_options text;
    unroll_pairs_options pairs;
} reading;

static unroll_status read_files(unroll_session *s, const reading *r, char *const *files, size_t count)
{
    const unroll_config *c = s->config;
    UNROLL_TRY(remember(s->config, files, count));
    if (unroll_task_translates(c->task))
        return unroll_pairs_read(&r->pairs, (const char *const *)files, count, c->valid, c->test,
                                 &s->pairs);
    return unroll_corpus_read(&r->text, (const char *const *)files, count, c->valid, c->test,
                              &s->corpus);
}

static unroll_status read_remembered(unroll_session *s, const reading *r)
{
    char *save = NULL;
    size_t count = 0, most = 1;
    bool piped = false;
    for (const char *c = s->config->corpus; *c; c++)
        most += *c == '\n';
    char **files = unroll_alloc(most, sizeof *files);
    char *list = unroll_strndup(s->config->corpus, strlen(s->config->corpus));
    unroll_status status = files && list ? UNROLL_OK : UNROLL_EMEMORY;
    char *f = status == UNROLL_OK ? strtok_r(list, "\n", &save) : NULL;
    for (; f; f = strtok_r(NULL, "\n", &save)) {
        files[count++] = f;
        piped = piped || strcmp(f, "-") == 0;
    }
    if (piped)
        status = unroll_fail(UNROLL_EUSAGE, "this run read its text from standard input; give it "
                                            "again, as FILE or -");
    if (status == UNROLL_OK)
        status = read_files(s, r, files, count);
    unroll_free(list);
    unroll_free(files);
    return status;
}

static bool is_remembered(const unroll_session *s)
{
    return s->config->corpus && *s->config->corpus;
}

static unroll_status read_corpus(unroll_session *s, char *const *files, size_t count,
                                 const unroll_vocabulary *vocabulary)
{
    reading r;
    unroll_corpus_options *o = &r.text;
    unroll_corpus_options_default(o);
    unroll_model_rules(s->config, &o->rules);
    o->vocabulary = vocabulary;
    o->lines = s->config->lines;
    o->max_input = s->config->max_input;
    o->note = s->note;
    o->arg = s->note_arg;
    memcpy(o->split, s->config->split, sizeof o->split);
    if (s->text)
        UNROLL_TRY(unroll_corpus_from_text(o, "the text", s->text, s->length, &s->corpus));
    else if (count)
        UNROLL_TRY(read_files(s, &r, files, count));
    else if (is_remembered(s))
        UNROLL_TRY(read_remembered(s, &r));
    else {
        char *path;
        UNROLL_TRY(shipped(&path));
        const unroll_status status = read_files(s, &r, &path, 1);
        unroll_free(path);
        UNROLL_TRY(status);
    }
    s->fingerprint = unroll_corpus_fingerprint(s->corpus);
    return UNROLL_OK;
}

/* ---- pairs ---- */

/* Pairs of a toy language, from its grammar and the seed. */
static unroll_status make_pairs(unroll_session *s, const unroll_toy_row *toy, const double *value,
                                const reading *r)
{
    char *text;
    size_t length;
    if (s->config->valid || s->config->test)
        return unroll_fail(UNROLL_EUSAGE,
                           UNROLL_OPTION "%s needs FILE: toy pairs hold out their "
                                         "own",
                           s->config->valid ? "valid" : "test");
    UNROLL_TRY(unroll_toy_text(toy, value, s->config->seed, (uint64_t)value[UNROLL_TOY_PAIRS],
                               &text, &length));
    const unroll_status status =
        unroll_pairs_from_text(&r->pairs, toy->name, text, length, &s->pairs);
    unroll_free(text);
    return status;
}

static unroll_status read_pairs(unroll_session *s, char *const *files, size_t count,
                                const unroll_model *known)
{
    unroll_config *c = s->config;
    const unroll_toy_row *toy;
    double value[UNROLL_TASK_KEYS];
    const bool named = strcmp(c->task, "translate") != 0;
    const bool files_given = s->text || count || is_remembered(s);
    UNROLL_TRY(unroll_toy_parse(c->task, &toy, value));
    if (named && files_given)
        return unroll_fail(UNROLL_EUSAGE,
                           UNROLL_OPTION "task %s makes its own pairs; give FILE to " UNROLL_OPTION
                                         "task translate",
                           c->task);
    if (!files_given && !known && !is_given(s, "tokens")) /* it is read as it is meant to be */
        c->tokens = (int)toy->tokens;
    reading r;
    unroll_pairs_options *o = &r.pairs;
    unroll_pairs_options_default(o);
    unroll_model_rules(c, &o->rules);
    if (known) {
        o->vocabulary[UNROLL_SOURCE] = unroll_model_source_vocabulary(known);
        o->vocabulary[UNROLL_TARGET] = unroll_model_vocabulary(known);
    }
    o->swap = c->swap;
    o->keep_text = s->keep_text;
    o->skip_bad = c->skip_bad;
    o->max_length = (size_t)c->max_length;
    o->max_input = c->max_input;
    o->note = s->note;
    o->arg = s->note_arg;
    memcpy(o->split, c->split, sizeof o->split);
    if (s->text)
        UNROLL_TRY(unroll_pairs_from_text(o, "the pairs", s->text, s->length, &s->pairs));
    else if (count)
        UNROLL_TRY(read_files(s, &r, files, count));
    else
        UNROLL_TRY(files_given ? read_remembered(s, &r) : make_pairs(s, toy, value, &r));
    s->fingerprint = unroll_pairs_fingerprint(s->pairs);
    return UNROLL_OK;
}

/* ---- models ---- */

/* The vocabularies of the data, or copies of those they were numbered with; both the caller's. */
static unroll_status take_vocabularies(unroll_session *s, const unroll_model *from,
                                       unroll_vocabulary **source, unroll_vocabulary **target)
{
    if (s->pairs && from) {
        UNROLL_TRY(unroll_vocabulary_copy(unroll_model_source_vocabulary(from), source));
        return unroll_vocabulary_copy(unroll_model_vocabulary(from), target);
    }
    if (s->pairs) {
        *source = unroll_pairs_take_vocabulary(s->pairs, UNROLL_SOURCE);
        *target = unroll_pairs_take_vocabulary(s->pairs, UNROLL_TARGET);
    } else if (s->corpus && from) {
        return unroll_vocabulary_copy(unroll_model_vocabulary(from), target);
    } else if (s->corpus) {
        *target = unroll_corpus_take_vocabulary(s->corpus);
    }
    return UNROLL_OK;
}

static unroll_status new_model(unroll_session *s, const unroll_model *from)
{
    unroll_vocabulary *source = NULL, *target = NULL;
    unroll_status status = take_vocabularies(s, from, &source, &target);
    if (status == UNROLL_OK && target) {
        const double tokens = (double)unroll_vocabulary_size(target);
        status = check_weights(s->config, tokens, tokens);
    }
    if (status == UNROLL_OK)
        status = unroll_model_create(s->config, source, target, &s->model);
    if (status != UNROLL_OK) {
        unroll_vocabulary_free(source);
        unroll_vocabulary_free(target);
        return status;
    }
    UNROLL_TRY(unroll_model_init(s->model));
    if (!from)
        return UNROLL_OK;
    UNROLL_TRY(unroll_model_copy_weights(from, s->model));
    unroll_net_pack(s->model->net, 1);
    return UNROLL_OK;
}

/* One option as the model of --init-from has it. */
static unroll_status take_option(unroll_session *s, const unroll_model *from, const char *name)
{
    size_t base;
    const unroll_option *o = unroll_option_find(unroll_config_lists, name, &base);
    char *is = unroll_option_get(o, base, s->config);
    char *was = unroll_option_get(o, base, unroll_model_config(from));
    unroll_status status = is && was ? UNROLL_OK : UNROLL_EMEMORY;
    if (status == UNROLL_OK && strcmp(is, was) != 0)
        status = is_given(s, name)
                     ? unroll_fail(UNROLL_EMISMATCH,
                                   UNROLL_OPTION "%s: the model of " UNROLL_OPTION
                                                 "init-from has '%s', not '%s'; leave the option "
                                                 "out",
                                   name, was, is)
                     : unroll_option_set(o, base, s->config, was);
    unroll_free(was);
    unroll_free(is);
    return status;
}

/* A vocabulary means something only by the rules that it was made with. */
static unroll_status take_rules(unroll_session *s, const unroll_model *from)
{
    static const char *const names[] = {"tokens",    "normalize", "casefold",
                                        "min-count", "invalid",   "lines"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        UNROLL_TRY(take_option(s, from, names[i]));
    return UNROLL_OK;
}

/* What a resumed run had from standard input is not there any more. */
static unroll_status check_piped(const unroll_session *s)
{
    static const char *const names[] = {"valid", "test"};
    for (size_t i = 0; i < 2; i++) {
        const char *file = i ? s->config->test : s->config->valid;
        if (file && strcmp(file, "-") == 0 && !is_given(s, names[i]))
            return unroll_fail(UNROLL_EUSAGE,
                               "this run read " UNROLL_OPTION
                               "%s from standard input; give it again, as " UNROLL_OPTION "%s -",
                               names[i], names[i]);
    }
    return UNROLL_OK;
}

/* What is left at its default shrinks to what the text can fill. A run that goes on has its sizes.
 * @param resumed  the model is a checkpoint's */
static unroll_status char_task(unroll_session *s, bool resumed)
{
    unroll_config *c = s->config;
    const size_t T = c->seq_length, B = c->batch;
    size_t fit_T = T, fit_B = B;
    UNROLL_TRY(unroll_task_char_fit(s->corpus, resumed || is_given(s, "seq-length"),
                                    resumed || is_given(s, "batch"), &fit_T, &fit_B));
    if (fit_T != T || fit_B != B) {
        char text[160];
        snprintf(text, sizeof text,
                 "the text is short: " UNROLL_OPTION
                 "seq-length shrinks from %zu to %zu and " UNROLL_OPTION "batch from %zu to %zu",
                 T, fit_T, B, fit_B);
        say(s, text);
        c->seq_length = fit_T;
        c->batch = fit_B;
    }
    const unroll_task_char_options o = {
        .T = fit_T, .B = fit_B, .no_carry = c->no_carry, .seed = c->seed};
    return unroll_task_char(s->corpus, &o, &s->task);
}

static unroll_status pairs_task(unroll_session *s, bool resumed)
{
    unroll_config *c = s->config;
    const size_t pairs = unroll_pairs_get_part(s->pairs, UNROLL_TRAIN)->count;
    if (c->batch > pairs && !resumed && !is_given(s, "batch")) {
        char text[160];
        snprintf(text, sizeof text,
                 "there are few pairs: " UNROLL_OPTION "batch shrinks from %llu to %zu",
                 (unsigned long long)c->batch, pairs);
        say(s, text);
        c->batch = pairs;
    }
    const unroll_task_translate_options o = {
        .B = (size_t)c->batch, .reverse = c->reverse_source, .seed = c->seed};
    return unroll_task_translate(s->pairs, &o, &s->task);
}

/* A task of texts or of pairs, and its model: the checkpoint's, or a new one with the vocabularies
 * of --init-from or of the data. */
static unroll_status open_data(unroll_session *s, bool pairs, char *const *files, size_t count,
                               const unroll_checkpoint *checkpoint)
{
    const char *init_from = s->config->init_from;
    unroll_model *from = NULL;
    unroll_status status = UNROLL_OK;
    if (checkpoint)
        status = unroll_checkpoint_model(checkpoint, &s->model);
    else if (init_from)
        status = unroll_model_load(init_from, &from);
    const unroll_model *known = s->model ? s->model : from;
    if (status == UNROLL_OK && known &&
        !(pairs ? unroll_model_source_vocabulary(known) : unroll_model_vocabulary(known)))
        status = unroll_fail(UNROLL_EMISMATCH, UNROLL_OPTION "init-from %s: that model %s",
                             init_from, pairs ? "is no translation" : "has no vocabulary");
    if (status == UNROLL_OK && from)
        status = take_rules(s, from);
    if (status == UNROLL_OK && checkpoint)
        status = check_piped(s);
    if (status == UNROLL_OK)
        status = pairs ? read_pairs(s, files, count, known)
                       : read_corpus(s, files, count, known ? unroll_model_vocabulary(known) : NULL);
    if (status == UNROLL_OK && checkpoint)
        status = unroll_checkpoint_corpus(checkpoint, s->fingerprint);
    if (status == UNROLL_OK) {
        status = pairs ? pairs_task(s, checkpoint != NULL) : char_task(s, checkpoint != NULL);
        s->has_task = status == UNROLL_OK;
    }
    if (status == UNROLL_OK && !s->model)
        status = new_model(s, from);
    unroll_model_free(from);
    return status;
}

static unroll_status open_synthetic(unroll_session *s, size_t count,
                                    const unroll_checkpoint *checkpoint)
{
    unroll_config *c = s->config;
    const unroll_task_row *row;
    double value[UNROLL_TASK_KEYS];
    unroll_model *from = NULL;
    UNROLL_TRY(unroll_task_parse(c->task, &row, value));
    if (count)
        return unroll_fail(UNROLL_EUSAGE,
                           UNROLL_OPTION "task %s makes its own data; it takes no FILE", c->task);
    UNROLL_TRY(unroll_task_synthetic(row, value, c->batch, c->seed, &s->task));
    s->has_task = true;
    if (checkpoint)
        return unroll_checkpoint_model(checkpoint, &s->model);
    if (c->init_from)
        UNROLL_TRY(unroll_model_load(c->init_from, &from));
    const unroll_status status = new_model(s, from);
    unroll_model_free(from);
    return status;
}

unroll_status unroll_session_open(unroll_session *s, char *const *files, size_t count,
                                  const unroll_checkpoint *checkpoint)
{
    if (!unroll_kernels_get())
        return UNROLL_EUSAGE;
    UNROLL_TRY(unroll_config_check(s->config));
    UNROLL_TRY(check_weights(s->config, 2, 2));
    const bool pairs = unroll_task_translates(s->config->task);
    if (pairs || strcmp(s->config->task, "char") == 0)
        UNROLL_TRY(open_data(s, pairs, files, count, checkpoint));
    else
        UNROLL_TRY(open_synthetic(s, count, checkpoint));
    return check_all(s);
}

void unroll_session_close(unroll_session *s)
{
    if (s->has_task)
        s->task.free(s->task.self);
    unroll_corpus_free(s->corpus);
    unroll_pairs_free(s->pairs);
    unroll_model_free(s->model);
    *s = (unroll_session){0};
}

/* Ids of both sides, and what is kept of each pair. */
static double pairs_bytes(const unroll_pairs *pairs)
{
    double bytes = 0;
    for (int side = 0; side < UNROLL_SIDES; side++)
        bytes += sizeof(uint32_t) * (double)unroll_pairs_tokens(pairs, (enum unroll_side)side);
    for (int i = UNROLL_TRAIN; i <= UNROLL_TEST; i++)
        bytes += 2.0 * sizeof(unroll_pair) *
                 (double)unroll_pairs_get_part(pairs, (enum unroll_split)i)->count;
    return bytes;
}

double unroll_session_bytes(const unroll_session *s)
{
    const unroll_net *net = s->model->net;
    const unroll_task *t = &s->task;
    const unroll_work_options train = {.size = sizeof train,
                                       .T = t->train_T,
                                       .B = t->train_B,
                                       .S = t->train_S,
                                       .threads = 1,
                                       .training = true,
                                       .recompute = s->config->learning.recompute};
    const unroll_work_options eval = {
        .size = sizeof eval, .T = t->eval_T, .B = t->eval_B, .S = t->eval_S, .threads = 1};
    return COPIES * sizeof(unroll_real) * (double)unroll_net_size(net) +
           (double)unroll_work_bytes(net, &train) +
           (t->eval_T ? (double)unroll_work_bytes(net, &eval) : 0) +
           (s->corpus ? 4.0 * (double)unroll_corpus_tokens(s->corpus) : 0) +
           (s->pairs ? pairs_bytes(s->pairs) : 0);
}
