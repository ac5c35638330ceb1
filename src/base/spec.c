#include "base/spec.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/nearest.h"
#include "base/number.h"

size_t unroll_spec_count(const unroll_spec_key *keys)
{
    size_t count = 0;
    while (keys && count < UNROLL_SPEC_KEYS && keys[count].name)
        count++;
    return count;
}

bool unroll_spec_is(const char *spec, const char *name)
{
    const size_t length = strcspn(spec, ":");
    return strlen(name) == length && memcmp(spec, name, length) == 0;
}

/* ---- reading ---- */

/* What is read, for messages. */
typedef struct reader {
    const char *kind, *name, *list;
    const unroll_spec_key *keys;
    size_t count;
} reader;

static unroll_status fail_key(const reader *r, const char *key)
{
    const char *names[UNROLL_SPEC_KEYS + 1] = {NULL};
    char all[200] = "";
    size_t used = 0;
    for (size_t i = 0; i < r->count; i++) {
        names[i] = r->keys[i].name;
        if (used < sizeof all)
            used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", i ? ", " : "", names[i]);
    }
    const char *near = unroll_nearest(names, key);
    const char *more = r->list        ? "; see "
                       : near         ? ""
                       : r->count > 0 ? "; it has "
                                      : "; it has none";
    return unroll_fail(UNROLL_EUSAGE, "%s %s has no key '%s'%s%s%s%s%s", r->kind, r->name, key,
                       near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "", more,
                       r->list ? r->list
                       : near  ? ""
                               : all);
}

static unroll_status set_value(const reader *r, const unroll_spec_key *key, const char *text,
                               double *value)
{
    uint64_t whole;
    bool valid;
    if (key->real) {
        valid = unroll_parse_double(text, value);
    } else {
        valid = unroll_parse_size(text, &whole);
        if (valid)
            *value = (double)whole;
    }
    if (valid && *value >= key->min && *value <= key->max)
        return UNROLL_OK;
    char min[32], max[32];
    return unroll_fail(UNROLL_EUSAGE, "%s %s: %s: '%s' is not %s from %s to %s", r->kind, r->name,
                       key->name, text, key->real ? "a number" : "a whole number",
                       unroll_format_double(min, key->min), unroll_format_double(max, key->max));
}

/* One "key=value". */
static unroll_status parse_pair(const reader *r, char *pair, double *value, bool *given)
{
    char *text = strchr(pair, '=');
    if (!text)
        return unroll_fail(UNROLL_EUSAGE, "%s %s: '%s' is not key=value", r->kind, r->name, pair);
    *text++ = '\0';
    for (size_t i = 0; i < r->count; i++) {
        if (strcmp(pair, r->keys[i].name) != 0)
            continue;
        if (given[i])
            return unroll_fail(UNROLL_EUSAGE, "%s %s: %s is given twice", r->kind, r->name, pair);
        given[i] = true;
        return set_value(r, &r->keys[i], text, &value[i]);
    }
    return fail_key(r, pair);
}

unroll_status unroll_spec_parse(const char *spec, const char *kind, const char *name,
                                const unroll_spec_key *keys, const char *list, double *value)
{
    const reader r = {kind, name, list, keys, unroll_spec_count(keys)};
    bool given[UNROLL_SPEC_KEYS] = {false};
    const char *colon = strchr(spec, ':');
    for (size_t k = 0; k < UNROLL_SPEC_KEYS; k++)
        value[k] = k < r.count ? keys[k].preset : 0;
    if (!colon)
        return UNROLL_OK;
    char *pairs = unroll_strndup(colon + 1, strlen(colon + 1)), *next = pairs;
    unroll_status status = pairs ? UNROLL_OK : UNROLL_EMEMORY;
    while (status == UNROLL_OK && next) {
        char *pair = next;
        next = strchr(pair, ',');
        if (next)
            *next++ = '\0';
        status = parse_pair(&r, pair, value, given);
    }
    unroll_free(pairs);
    return status;
}

/* ---- writing ---- */

char *unroll_spec_text(const char *name, const unroll_spec_key *keys, const double *value)
{
    unroll_buffer text = {0};
    char number[32];
    unroll_buffer_printf(&text, "%s", name);
    for (size_t i = 0; i < unroll_spec_count(keys); i++)
        unroll_buffer_printf(&text, "%s%s=%s", i ? "," : ":", keys[i].name,
                             unroll_format_double(number, value[i]));
    if (!text.failed)
        return text.text;
    unroll_free(text.text);
    return NULL;
}

const char *unroll_spec_describe(const unroll_spec_key *key, char buffer[UNROLL_SPEC_DESCRIPTION])
{
    char preset[32], min[32], max[32];
    snprintf(buffer, UNROLL_SPEC_DESCRIPTION, "%s (%s from %s to %s, default %s)", key->help,
             key->real ? "a number" : "whole", unroll_format_double(min, key->min),
             unroll_format_double(max, key->max), unroll_format_double(preset, key->preset));
    return buffer;
}
