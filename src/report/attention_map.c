#include "report/attention_map.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/output.h"
#include "base/path.h"
#include "config/config.h"
#include "data/pairs.h"
#include "report/plot.h"

static const char ending[] = ".svg";

unroll_status unroll_attention_map_check_path(const char *path)
{
    const char *name = unroll_file_name(path);
    const size_t n = strlen(name);
    if (n < sizeof ending || strcmp(name + n - strlen(ending), ending) != 0)
        return unroll_fail(UNROLL_EUSAGE,
                           "--attention: '%.200s' is no name of a picture; give one that "
                           "ends in .svg",
                           path);
    char *directory = unroll_directory_of(path);
    struct stat st;
    if (!directory)
        return UNROLL_EMEMORY;
    int error = stat(directory, &st) != 0 ? errno : S_ISDIR(st.st_mode) ? 0 : ENOTDIR;
    if (!error && access(directory, W_OK) != 0)
        error = errno;
    unroll_free(directory);
    return error ? unroll_fail(UNROLL_ECREATE,
                               "%s: cannot be created: %s; give --attention another "
                               "name",
                               path, strerror(error))
                 : UNROLL_OK;
}

/* What the axes say; texts are owned. */
typedef struct labels {
    char **name;
    double *at;
    size_t count;
} labels;

static unroll_status labels_new(labels *l, size_t count)
{
    l->count = count;
    l->name = unroll_alloc(count, sizeof *l->name);
    l->at = unroll_alloc(count, sizeof *l->at);
    for (size_t i = 0; i < count && l->at; i++)
        l->at[i] = (double)i;
    return l->name && l->at ? UNROLL_OK : UNROLL_EMEMORY;
}

static void labels_free(labels *l)
{
    for (size_t i = 0; i < l->count && l->name; i++)
        unroll_free(l->name[i]);
    unroll_free(l->name);
    unroll_free(l->at);
}

static unroll_status label(labels *l, size_t i, const char *text, size_t length)
{
    l->name[i] = length ? unroll_strndup(text, length) : unroll_strndup("</s>", 4);
    return l->name[i] ? UNROLL_OK : UNROLL_EMEMORY;
}

/* Where column s of the picture is among what the encoder read. */
static size_t place_of(const unroll_source *source, bool reversed, size_t s)
{
    return reversed ? source->length - 1 - s : s;
}

static unroll_status fill(const unroll_model *model, const unroll_source *source,
                          const unroll_translation *t, bool copies, labels *x, labels *y, double *z)
{
    const unroll_vocabulary *v = unroll_model_vocabulary(model);
    const bool reversed = unroll_model_config(model)->reverse_source;
    for (size_t s = 0; s < x->count; s++) {
        const size_t place = place_of(source, reversed, s);
        UNROLL_TRY(label(x, s, source->token[place], source->bytes[place]));
        for (size_t i = 0; i < y->count; i++)
            z[i * x->count + s] = (double)t->attention[i * x->count + place];
    }
    for (size_t i = 0; i < y->count; i++) {
        size_t length = 0;
        const char *token = i < t->tokens ? unroll_vocabulary_token(v, t->id[i], &length) : "";
        if (i < t->tokens && t->id[i] == UNROLL_ID_UNKNOWN && copies) {
            const size_t place = unroll_source_pointed_at(source, t->attention + i * x->count);
            token = source->token[place];
            length = source->bytes[place];
        }
        UNROLL_TRY(label(y, i, token, length));
    }
    return UNROLL_OK;
}

static unroll_status plot_into(const char *directory, const char *name, const unroll_heat *heat)
{
    const unroll_plot plot = {.directory = directory,
                              .name = name,
                              .title = "attention",
                              .x_label = "source",
                              .y_label = "translation",
                              .heat = heat};
    UNROLL_TRY(unroll_plot_write(&plot));
    return unroll_plot_draw(&plot);
}

static bool remove_name(void *folder, const char *name)
{
    char *path = unroll_path_join(folder, name);
    if (path)
        unlink(path);
    unroll_free(path);
    return true;
}

/* In a folder of its own, so that the picture alone comes beside what is there. Without gnuplot the data do, from
 * which it can be drawn elsewhere. */
static unroll_status draw_apart(const char *directory, const char *name, const char *path,
                                const unroll_heat *heat)
{
    char *folder = unroll_path_join(directory, ".attention-XXXXXX");
    if (!folder)
        return UNROLL_EMEMORY;
    unroll_status status = UNROLL_OK;
    if (!mkdtemp(folder))
        status = unroll_fail(UNROLL_ECREATE, "%s: cannot be created: %s", folder, strerror(errno));
    if (!status) {
        status = plot_into(folder, name, heat);
        char *drawn = unroll_path_join_ending(folder, name, ending);
        if (!drawn)
            status = UNROLL_EMEMORY;
        else if (!status && rename(drawn, path) != 0)
            status = unroll_fail(UNROLL_ECREATE, "%s: cannot be created: %s", path, strerror(errno));
        unroll_free(drawn);
        unroll_directory_each(folder, remove_name, folder);
        rmdir(folder);
    }
    unroll_free(folder);
    return status;
}

static unroll_status draw(const char *path, const labels *x, const labels *y, const double *z)
{
    const char *base = unroll_file_name(path);
    char *directory = unroll_directory_of(path);
    char *name = unroll_strndup(base, strlen(base) - strlen(ending));
    const unroll_heat heat = {.z = z,
                              .x = x->at,
                              .y = y->at,
                              .columns = x->count,
                              .rows = y->count,
                              .x_name = (const char *const *)x->name,
                              .y_name = (const char *const *)y->name,
                              .label = "attention"};
    unroll_status status =
        directory && name ? draw_apart(directory, name, path, &heat) : UNROLL_EMEMORY;
    if (status == UNROLL_ENOINPUT || status == UNROLL_EIO)
        status = plot_into(directory, name, &heat);
    unroll_free(directory);
    unroll_free(name);
    return status;
}

unroll_status unroll_attention_map_draw(const char *path, const unroll_model *model,
                                        const unroll_source *source, const unroll_translation *t,
                                        bool copies)
{
    labels x = {0}, y = {0};
    double *z = unroll_alloc(source->length * (t->tokens + t->ended), sizeof *z);
    unroll_status status = z ? labels_new(&x, source->length) : UNROLL_EMEMORY;
    if (!status)
        status = labels_new(&y, t->tokens + t->ended);
    if (!status)
        status = fill(model, source, t, copies, &x, &y, z);
    if (!status)
        status = draw(path, &x, &y, z);
    labels_free(&x);
    labels_free(&y);
    unroll_free(z);
    return status;
}
