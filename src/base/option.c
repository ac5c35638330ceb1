#include "base/option.h"

#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/nearest.h"
#include "base/number.h"
#include "base/spec.h"

/* ---- names ---- */

/* The next blank-separated word of *words, or NULL; moves *words behind it. */
static const char *next_word(const char **words, size_t *length)
{
    const char *start = *words;
    if (!start)
        return NULL;
    start += strspn(start, " ");
    *length = strcspn(start, " ");
    *words = start + *length;
    return *length ? start : NULL;
}

static bool row_has_name(const unroll_option *o, const char *name)
{
    if (unroll_same_name(name, o->name, strlen(o->name)))
        return true;
    const char *words = o->aliases, *word;
    size_t length;
    while ((word = next_word(&words, &length)))
        if (unroll_same_name(name, word, length))
            return true;
    return false;
}

const unroll_option *unroll_option_find(const unroll_option_list *lists, const char *name,
                                        size_t *base)
{
    for (const unroll_option_list *l = lists; l->rows; l++)
        for (size_t i = 0; i < l->count; i++)
            if (row_has_name(&l->rows[i], name)) {
                *base = l->base;
                return &l->rows[i];
            }
    return NULL;
}

const unroll_option *unroll_option_letter(const unroll_option_list *lists, char letter, size_t *base)
{
    for (const unroll_option_list *l = lists; l->rows; l++)
        for (size_t i = 0; i < l->count; i++)
            if (letter && l->rows[i].letter == letter) {
                *base = l->base;
                return &l->rows[i];
            }
    return NULL;
}

static bool row_begins_with(const unroll_option *o, const char *name)
{
    const size_t length = strlen(name);
    if (length <= strlen(o->name) && unroll_same_name(name, o->name, length))
        return true;
    const char *words = o->aliases, *word;
    size_t room;
    while ((word = next_word(&words, &room)))
        if (length <= room && unroll_same_name(name, word, length))
            return true;
    return false;
}

const unroll_option *unroll_option_abbreviated(const unroll_option_list *lists, const char *name,
                                               bool (*skip)(const unroll_option *o), size_t *base,
                                               char several[UNROLL_OPTION_SEVERAL])
{
    const unroll_option *found = NULL;
    size_t count = 0, used = 0;
    several[0] = '\0';
    for (const unroll_option_list *l = lists; l->rows; l++)
        for (size_t i = 0; i < l->count; i++) {
            const unroll_option *o = &l->rows[i];
            if (!row_begins_with(o, name) || (skip && skip(o)))
                continue;
            found = o;
            *base = l->base;
            const size_t length = strlen(o->name);
            if (used + length + 5 <= UNROLL_OPTION_SEVERAL)
                used += (size_t)snprintf(several + used, UNROLL_OPTION_SEVERAL - used,
                                         "%s" UNROLL_OPTION "%s", count ? ", " : "", o->name);
            count++;
        }
    if (count > 1)
        return NULL;
    several[0] = '\0';
    return found;
}

const char *unroll_option_nearest(const unroll_option_list *lists, const char *name)
{
    unroll_nearest_search n = unroll_nearest_start(name, strlen(name));
    for (const unroll_option_list *l = lists; l->rows; l++)
        for (size_t i = 0; i < l->count; i++) {
            const unroll_option *o = &l->rows[i];
            unroll_nearest_try(&n, o->name, strlen(o->name), o->name);
            const char *words = o->aliases, *word;
            size_t length;
            while ((word = next_word(&words, &length)))
                unroll_nearest_try(&n, word, length, o->name);
        }
    return n.best;
}

/* ---- what a row accepts ---- */

const char *unroll_option_choice(const unroll_option *o, size_t i)
{
    if (o->names)
        return o->names(i);
    return o->choices ? o->choices[i] : NULL;
}

const char *unroll_option_range(const unroll_option *o, char buffer[96])
{
    char low[32], high[32];
    buffer[0] = '\0';
    if (o->max <= o->min)
        return buffer;
    unroll_format_double(low, o->min);
    unroll_format_double(high, o->max);
    if (o->max >= UNROLL_OPTION_NO_MAX)
        snprintf(buffer, 96, "of at least %s", low);
    else
        snprintf(buffer, 96, "%s %s%s%s", o->open_min ? "above" : "from", low,
                 o->open_min && o->open_max ? " and below "
                 : o->open_min              ? ", up to "
                 : o->open_max              ? " to below "
                                            : " to ",
                 high);
    return buffer;
}

static bool in_range(const unroll_option *o, double value)
{
    if (o->max <= o->min)
        return true;
    return (o->open_min ? value > o->min : value >= o->min) &&
           (o->open_max ? value < o->max : value <= o->max);
}

/* Digits, with a sign or not: too large a number is out of range, however large. */
static bool is_whole(const char *text)
{
    text += *text == '-';
    return *text && text[strspn(text, "0123456789")] == '\0';
}

static unroll_status wrong_number(const unroll_option *o, const char *text, bool number,
                                  const char *kind)
{
    char range[96];
    double value;
    const bool below = unroll_parse_double(text, &value) && value < o->min;
    unroll_option_range(o, range);
    if (number)
        return unroll_fail(UNROLL_EUSAGE, UNROLL_OPTION "%s: '%.80s' is out of range; give %s %s%s",
                           o->name, text, kind, range,
                           !below && o->max >= UNROLL_OPTION_NO_MAX
                               ? " and at most 9007199254740992 (2^53)"
                               : "");
    return unroll_fail(UNROLL_EUSAGE, UNROLL_OPTION "%s: '%.80s' is not %s; give one%s%s", o->name,
                       text, kind, range[0] ? " " : "", range);
}

static unroll_status wrong_choice(const unroll_option *o, const char *text)
{
    char all[512];
    size_t used = 0;
    unroll_nearest_search n = unroll_nearest_start(text, o->keys ? strcspn(text, ":") : strlen(text));
    const char *name;
    all[0] = '\0';
    for (size_t i = 0; (name = unroll_option_choice(o, i)); i++) {
        unroll_nearest_try(&n, name, strlen(name), name);
        const int wrote = snprintf(all + used, sizeof all - used, "%s%s", i ? ", " : "", name);
        used += (size_t)(wrote > 0 ? wrote : 0);
        used = used < sizeof all ? used : sizeof all - 1;
    }
    if (n.best)
        return unroll_fail(UNROLL_EUSAGE,
                           UNROLL_OPTION "%s: no '%.80s'; did you mean %s? It is one of %s",
                           o->name, text, n.best, all);
    return unroll_fail(UNROLL_EUSAGE, UNROLL_OPTION "%s: no '%.80s'; give one of %s", o->name, text,
                       all);
}

/* ---- values ---- */

static unroll_status set_size(const unroll_option *o, uint64_t *field, const char *text)
{
    uint64_t value;
    if (!unroll_parse_size(text, &value))
        return wrong_number(o, text, is_whole(text), "a whole number");
    if (!in_range(o, (double)value) || (o->max > o->min && value > (uint64_t)o->max))
        return wrong_number(o, text, true, "a whole number");
    *field = value;
    return UNROLL_OK;
}

static unroll_status set_number(const unroll_option *o, double *field, const char *text)
{
    double value;
    if (!unroll_parse_double(text, &value))
        return wrong_number(o, text, false, "a number");
    if (!in_range(o, value))
        return wrong_number(o, text, true, "a number");
    *field = value;
    return UNROLL_OK;
}

static unroll_status set_string(char **field, const char *text)
{
    char *copy = NULL;
    if (*text && !(copy = unroll_strndup(text, strlen(text))))
        return UNROLL_EMEMORY;
    unroll_free(*field);
    *field = copy;
    return UNROLL_OK;
}

static unroll_status empty_name(const unroll_option *o)
{
    return unroll_fail(UNROLL_EUSAGE, UNROLL_OPTION "%s: '' is no name; give %s", o->name, o->meta);
}

unroll_status unroll_option_check_blank(const unroll_option *o, const char *text)
{
    return o->type == UNROLL_TEXT && !*text && !o->blank ? empty_name(o) : UNROLL_OK;
}

/* Who has a default counts on a value. */
static unroll_status set_text(const unroll_option *o, char **field, const char *text)
{
    return !*text && o->preset ? empty_name(o) : set_string(field, text);
}

/* A name with numbers of its own: kept with all of them, so that a later default changes nothing. */
static unroll_status set_spec(const unroll_option *o, char **field, const char *name,
                              const unroll_spec_key *keys, const char *text)
{
    double value[UNROLL_SPEC_KEYS];
    UNROLL_TRY(unroll_spec_parse(text, o->name, name, keys, NULL, value));
    char *whole = unroll_spec_text(name, keys, value);
    if (!whole)
        return UNROLL_EMEMORY;
    unroll_free(*field);
    *field = whole;
    return UNROLL_OK;
}

static unroll_status set_choice(const unroll_option *o, void *field, const char *text)
{
    const char *name;
    for (size_t i = 0; (name = unroll_option_choice(o, i)); i++) {
        if (o->keys && unroll_spec_is(text, name))
            return set_spec(o, field, name, o->keys(i), text);
        if (strcmp(name, text) != 0)
            continue;
        if (o->type == UNROLL_NAME)
            return set_string(field, text);
        *(int *)field = (int)i;
        return UNROLL_OK;
    }
    return wrong_choice(o, text);
}

static unroll_status set_flag(const unroll_option *o, bool *field, const char *text)
{
    const bool yes = strcmp(text, "true") == 0;
    if (!yes && strcmp(text, "false") != 0)
        return unroll_fail(UNROLL_EUSAGE, UNROLL_OPTION "%s: '%.80s' is neither true nor false",
                           o->name, text);
    *field = yes;
    return UNROLL_OK;
}

unroll_status unroll_option_set(const unroll_option *o, size_t base, void *target, const char *text)
{
    void *field = (char *)target + base + o->offset;
    switch (o->type) {
    case UNROLL_FLAG:
        return o->parse ? o->parse((char *)target + base, o, text) : set_flag(o, field, text);
    case UNROLL_SIZE: return set_size(o, field, text);
    case UNROLL_NUMBER: return set_number(o, field, text);
    case UNROLL_CHOICE:
    case UNROLL_NAME: return set_choice(o, field, text);
    case UNROLL_TEXT: return set_text(o, field, text);
    case UNROLL_CUSTOM: return o->parse((char *)target + base, o, text);
    }
    return unroll_fail(UNROLL_EBUG, UNROLL_OPTION "%s: a row without a type", o->name);
}

static char *copy_text(const char *text)
{
    return unroll_strndup(text ? text : "", text ? strlen(text) : 0);
}

char *unroll_option_get(const unroll_option *o, size_t base, const void *target)
{
    const void *field = (const char *)target + base + o->offset;
    char buffer[32];
    switch (o->type) {
    case UNROLL_FLAG:
        return o->format ? o->format((const char *)target + base, o)
                         : copy_text(*(const bool *)field ? "true" : "false");
    case UNROLL_SIZE:
        snprintf(buffer, sizeof buffer, "%llu", (unsigned long long)*(const uint64_t *)field);
        return copy_text(buffer);
    case UNROLL_NUMBER: return copy_text(unroll_format_double(buffer, *(const double *)field));
    case UNROLL_CHOICE: return copy_text(o->choices[*(const int *)field]);
    case UNROLL_NAME:
    case UNROLL_TEXT: return copy_text(*(char *const *)field);
    case UNROLL_CUSTOM: return o->format((const char *)target + base, o);
    }
    unroll_fail(UNROLL_EBUG, UNROLL_OPTION "%s: a row without a type", o->name);
    return NULL;
}

unroll_status unroll_option_defaults(const unroll_option_list *lists, void *target)
{
    for (const unroll_option_list *l = lists; l->rows; l++)
        for (size_t i = 0; i < l->count; i++)
            if (l->rows[i].preset)
                UNROLL_TRY(unroll_option_set(&l->rows[i], l->base, target, l->rows[i].preset));
    return UNROLL_OK;
}

void unroll_option_release(const unroll_option_list *lists, void *target)
{
    for (const unroll_option_list *l = lists; l->rows; l++)
        for (size_t i = 0; i < l->count; i++) {
            const unroll_option *o = &l->rows[i];
            if (o->type != UNROLL_NAME && o->type != UNROLL_TEXT)
                continue;
            char **field = (char **)((char *)target + l->base + o->offset);
            unroll_free(*field);
            *field = NULL;
        }
}

/* ---- numbers with a unit ---- */

/* Split off a unit: `digits` gets what stands before it. 0 where it does not fit or the unit is
 * unknown. */
static double split_unit(const char *text, const char *units, const double *factors, char digits[40])
{
    const size_t length = strlen(text);
    if (length == 0 || length >= 40)
        return 0;
    memcpy(digits, text, length + 1);
    const char last = text[length - 1];
    if (last >= '0' && last <= '9')
        return 1;
    const char *unit = strchr(units, last);
    if (!unit)
        return 0;
    digits[length - 1] = '\0';
    return factors[unit - units];
}

static const char byte_units[] = "kKmMgGtT";
static const double byte_factors[] = {0x1p10, 0x1p10, 0x1p20, 0x1p20,
                                      0x1p30, 0x1p30, 0x1p40, 0x1p40};

unroll_status unroll_option_parse_bytes(void *target, const unroll_option *o, const char *text)
{
    char digits[40];
    uint64_t value;
    const double factor = split_unit(text, byte_units, byte_factors, digits);
    if (factor == 0 || !unroll_parse_size(digits, &value))
        return wrong_number(o, text, is_whole(text), "a number of bytes such as 4096 or 10M");
    if (!in_range(o, (double)value * factor))
        return wrong_number(o, text, true, "a number of bytes such as 4096 or 10M");
    *(uint64_t *)((char *)target + o->offset) = value * (uint64_t)factor;
    return UNROLL_OK;
}

char *unroll_option_format_bytes(const void *target, const unroll_option *o)
{
    unsigned long long value = *(const uint64_t *)((const char *)target + o->offset);
    char buffer[32];
    static const char *const units[] = {"", "K", "M", "G", "T"};
    size_t unit = 0;
    while (value && unit < 4 && value % 1024 == 0) {
        value /= 1024;
        unit++;
    }
    snprintf(buffer, sizeof buffer, "%llu%s", value, units[unit]);
    return copy_text(buffer);
}

unroll_status unroll_option_parse_seconds(void *target, const unroll_option *o, const char *text)
{
    static const double factors[] = {1, 60, 3600, 86400};
    char digits[40];
    double value;
    const double factor = split_unit(text, "smhd", factors, digits);
    if (factor == 0 || !unroll_parse_double(digits, &value))
        return wrong_number(o, text, false, "a time such as 90s, 5m or 1h");
    if (!in_range(o, value * factor))
        return wrong_number(o, text, true, "a time such as 90s, 5m or 1h, in seconds");
    *(double *)((char *)target + o->offset) = value * factor;
    return UNROLL_OK;
}

char *unroll_option_format_seconds(const void *target, const unroll_option *o)
{
    char number[32], buffer[40];
    unroll_format_double(number, *(const double *)((const char *)target + o->offset));
    snprintf(buffer, sizeof buffer, "%ss", number);
    return copy_text(buffer);
}
