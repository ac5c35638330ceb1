/* Variants of a comparison, and a task's key swept through several values. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/utf8.h"
#include "config/config.h"
#include "config/options.h"
#include "lab/compare.h"
#include "task/task.h"

static char *trim(char *text)
{
    text += strspn(text, " \t\r\n");
    size_t length = strlen(text);
    while (length && strchr(" \t\r\n", text[length - 1]))
        length--;
    text[length] = '\0';
    return text;
}

static unroll_status replace(char **old, const char *text)
{
    char *copy = unroll_strndup(text, strlen(text));
    if (!copy)
        return UNROLL_EMEMORY;
    unroll_free(*old);
    *old = copy;
    return UNROLL_OK;
}

/* ---- options ---- */

static unroll_status unknown(const char *name)
{
    const char *near;
    for (size_t i = 0; i < unroll_config_rows; i++)
        for (size_t k = 0; (near = unroll_option_choice(&unroll_config_table[i], k)); k++)
            if (strcmp(near, name) == 0)
                return unroll_fail(UNROLL_EUSAGE, "there is no option '%.80s'; did you mean %s=%s?",
                                   name, unroll_config_table[i].name, name);
    near = unroll_option_nearest(unroll_config_lists, name);
    return unroll_fail(UNROLL_EUSAGE, "there is no option '%.80s'%s%s%s", name,
                       near ? "; did you mean " : "; see 'unroll help train'", near ? near : "",
                       near ? "?" : "");
}

static unroll_status set_option(compare_variant *v, const char *name, const char *value)
{
    size_t base;
    const unroll_option *o = unroll_option_find(unroll_config_lists, name, &base);
    if (!o)
        return unknown(name);
    if (!(o->role & ~(unsigned)UNROLL_ROLE_RUN) || strcmp(o->name, "seed") == 0)
        return unroll_fail(UNROLL_EUSAGE,
                           "--%s is the same for all variants; give it to the "
                           "command itself",
                           o->name);
    if (!value && o->type != UNROLL_FLAG)
        return unroll_fail(UNROLL_EUSAGE, "%s needs a value: %s=%s", o->name, o->name,
                           o->meta ? o->meta : "VALUE");
    UNROLL_TRY(unroll_option_set(o, base, v->config, value ? value : "true"));
    const bool steps = strcmp(o->name, "steps") == 0, epochs = strcmp(o->name, "epochs") == 0;
    const bool time = strcmp(o->name, "time") == 0;
    if (steps || epochs || time)
        unroll_config_bounds(v->config, steps, epochs, time);
    return UNROLL_OK;
}

static unroll_status set_pair(compare_variant *v, char *pair, bool *labelled)
{
    char *value = strchr(pair, '=');
    if (value)
        *value++ = '\0';
    const char *name = trim(pair);
    value = value ? trim(value) : NULL;
    if (strcmp(name, "label") != 0)
        return set_option(v, name, value);
    if (!value || !*value)
        return unroll_fail(UNROLL_EUSAGE, "label needs a text: label=TEXT");
    *labelled = true;
    return replace(&v->label, value);
}

/* It stands in JSON, in pages and in pictures, so that no other bytes will do. */
static unroll_status check_label(const char *label)
{
    const size_t length = strlen(label), good = unroll_utf8_prefix(label, length);
    if (good == length)
        return UNROLL_OK;
    return unroll_fail(UNROLL_EUSAGE,
                       "byte %zu of its label is not UTF-8; give another one, label=TEXT", good);
}

unroll_status compare_variant_parse(const char *text, const unroll_config *common,
                                    compare_variant *out)
{
    const char *const separator = strchr(text, ';') ? ";" : ",";
    bool labelled = false;
    *out = (compare_variant){.sweep = NAN};
    char *copy = unroll_strndup(text, strlen(text)), *rest = copy;
    unroll_status status = copy ? unroll_config_new(&out->config) : UNROLL_EMEMORY;
    if (status == UNROLL_OK)
        status = unroll_config_assign(common, out->config);
    size_t pairs = 0;
    while (status == UNROLL_OK && rest) {
        char *pair = rest;
        rest = strpbrk(rest, separator);
        if (rest)
            *rest++ = '\0';
        pair = trim(pair);
        if (*pair) {
            pairs++;
            status = set_pair(out, pair, &labelled);
        } else if (rest) {
            status = unroll_fail(UNROLL_EUSAGE, "there is nothing between two separators");
        }
    }
    if (status == UNROLL_OK && pairs == 0)
        status = unroll_fail(UNROLL_EUSAGE, "it is empty; write option=value,option=value");
    if (status == UNROLL_OK)
        status = unroll_config_check(out->config);
    unroll_free(copy);
    copy = status == UNROLL_OK && !labelled ? unroll_strndup(text, strlen(text)) : NULL;
    if (status == UNROLL_OK && !labelled)
        status = copy ? replace(&out->label, trim(copy)) : UNROLL_EMEMORY;
    unroll_free(copy);
    if (status == UNROLL_OK)
        status = check_label(out->label);
    if (status != UNROLL_OK) {
        compare_variant_free(out);
        return unroll_fail_prefix(status, "--variant \"%.200s\"", text);
    }
    return UNROLL_OK;
}

void compare_variant_free(compare_variant *v)
{
    unroll_free(v->label);
    unroll_config_free(v->config);
    *v = (compare_variant){.sweep = NAN};
}

/* ---- sweeps ---- */

static unroll_status add_value(compare_sweep *s, const char *value)
{
    char **grown = unroll_realloc(s->value, s->count + 1, sizeof *grown);
    if (!grown)
        return UNROLL_EMEMORY;
    s->value = grown;
    grown[s->count] = unroll_strndup(value, strlen(value));
    return grown[s->count++] ? UNROLL_OK : UNROLL_EMEMORY;
}

unroll_status compare_sweep_parse(const char *text, compare_sweep *out)
{
    *out = (compare_sweep){0};
    const char *equals = strchr(text, '=');
    if (!equals || equals == text || !equals[1])
        return unroll_fail(UNROLL_EUSAGE,
                           "--sweep %.80s: write KEY=VALUE,VALUE,..., such as "
                           "length=20,50,100",
                           text);
    unroll_status status = UNROLL_OK;
    out->key = unroll_strndup(text, (size_t)(equals - text));
    char *values = unroll_strndup(equals + 1, strlen(equals + 1)), *rest = values;
    if (!out->key || !values)
        status = UNROLL_EMEMORY;
    while (status == UNROLL_OK && rest) {
        char *value = rest;
        double number;
        if ((rest = strchr(rest, ',')))
            *rest++ = '\0';
        value = trim(value);
        status = unroll_parse_double(value, &number)
                     ? add_value(out, value)
                     : unroll_fail(UNROLL_EUSAGE, "--sweep %.40s: '%.40s' is not a number",
                                   out->key, value);
    }
    unroll_free(values);
    if (status != UNROLL_OK)
        compare_sweep_free(out);
    return status;
}

void compare_sweep_free(compare_sweep *s)
{
    for (size_t i = 0; i < s->count; i++)
        unroll_free(s->value[i]);
    unroll_free(s->value);
    unroll_free(s->key);
    *s = (compare_sweep){0};
}

char *compare_spec_set(const char *spec, const char *key, const char *value)
{
    const size_t room = strlen(spec) + strlen(key) + strlen(value) + 4, length = strlen(key);
    const char *pair = strchr(spec, ':');
    const int name = (int)(pair ? pair - spec : (ptrdiff_t)strlen(spec));
    char *out = unroll_alloc(room, 1);
    if (!out)
        return NULL;
    size_t at = (size_t)snprintf(out, room, "%.*s:", name, spec);
    while (pair && *pair) { /* all other pairs, as they are */
        const size_t size = strcspn(++pair, ",");
        if (size && !(strncmp(pair, key, length) == 0 && pair[length] == '='))
            at += (size_t)snprintf(out + at, room - at, "%.*s,", (int)size, pair);
        pair += size;
    }
    snprintf(out + at, room - at, "%s=%s", key, value);
    return out;
}

/* One variant at one value of the sweep. */
static unroll_status sweep_one(const compare_variant *from, const compare_sweep *s, size_t i,
                               compare_variant *out)
{
    const unroll_task_row *row;
    double keys[UNROLL_TASK_KEYS];
    const size_t room = strlen(from->label) + strlen(s->key) + strlen(s->value[i]) + 4;
    *out = (compare_variant){0};
    UNROLL_TRY(unroll_config_new(&out->config));
    UNROLL_TRY(unroll_config_assign(from->config, out->config));
    if (!unroll_parse_double(s->value[i], &out->sweep) || !(out->label = unroll_alloc(room, 1)))
        return UNROLL_EMEMORY;
    snprintf(out->label, room, "%s, %s=%s", from->label, s->key, s->value[i]);
    char *spec = compare_spec_set(from->config->task, s->key, s->value[i]);
    if (!spec)
        return UNROLL_EMEMORY;
    unroll_status status = unroll_task_parse(spec, &row, keys);
    if (status == UNROLL_OK)
        status = unroll_config_set(out->config, "task", spec);
    unroll_free(spec);
    return status == UNROLL_OK ? UNROLL_OK : unroll_fail_prefix(status, "--sweep %s", s->key);
}

unroll_status compare_sweep_apply(const compare_sweep *s, compare_variant **variant, size_t *count)
{
    size_t n = 0;
    compare_variant *all = unroll_alloc(*count * s->count, sizeof *all);
    unroll_status status = all ? UNROLL_OK : UNROLL_EMEMORY;
    for (; status == UNROLL_OK && n < *count * s->count; n++)
        status = sweep_one(&(*variant)[n / s->count], s, n % s->count, &all[n]);
    if (status != UNROLL_OK) {
        for (size_t i = 0; i < n; i++)
            compare_variant_free(&all[i]);
        unroll_free(all);
        return status;
    }
    for (size_t i = 0; i < *count; i++)
        compare_variant_free(&(*variant)[i]);
    unroll_free(*variant);
    *variant = all;
    *count = n;
    return UNROLL_OK;
}

/* ---- the variants of a study ---- */

unroll_status compare_study_add(compare_study *s, const char *text, const unroll_config *common)
{
    compare_variant *grown = unroll_realloc(s->variant, s->variants + 1, sizeof *grown);
    if (!grown)
        return UNROLL_EMEMORY;
    s->variant = grown;
    UNROLL_TRY(compare_variant_parse(text, common, &grown[s->variants]));
    s->variants++;
    return UNROLL_OK;
}

unroll_status compare_study_sweep(compare_study *s, const char *text)
{
    compare_sweep sweep;
    UNROLL_TRY(compare_sweep_parse(text, &sweep));
    const unroll_status status = compare_sweep_apply(&sweep, &s->variant, &s->variants);
    s->sweep_key = sweep.key;
    sweep.key = NULL;
    compare_sweep_free(&sweep);
    return status;
}
