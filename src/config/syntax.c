#include "config/syntax.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/number.h"
#include "config/config.h"

unroll_status unroll_parse_split(void *target, const unroll_option *o, const char *text)
{
    double *split = (double *)((char *)target + o->offset), share[3], sum = 0;
    char part[40];
    const char *at = text;
    bool good = true;
    for (int i = 0; i < 3 && good; i++) {
        const size_t length = strcspn(at, ",");
        good = length < sizeof part && (at[length] == ',') == (i < 2);
        snprintf(part, sizeof part, "%.*s", (int)(good ? length : 0), at);
        good = good && unroll_parse_double(part, &share[i]) && share[i] >= 0 && share[i] <= 1;
        sum += good ? share[i] : 0;
        at += length + (i < 2);
    }
    if (!good || share[0] <= 0 || sum > 1 + 1e-9)
        return unroll_fail(UNROLL_EUSAGE,
                           UNROLL_OPTION
                           "%s: '%.80s' is not three shares; give those of training (above 0), "
                           "validation and test, each from 0 to 1 and together at most 1, such as 0.9,0.05,0.05",
                           o->name, text);
    memcpy(split, share, sizeof share);
    return UNROLL_OK;
}

char *unroll_format_split(const void *target, const unroll_option *o)
{
    const double *split = (const double *)((const char *)target + o->offset);
    char number[3][32], text[100];
    for (int i = 0; i < 3; i++)
        unroll_format_double(number[i], split[i]);
    const int length = snprintf(text, sizeof text, "%s,%s,%s", number[0], number[1], number[2]);
    return unroll_strndup(text, (size_t)length);
}

/* A flag that may also say "lines". */
unroll_status unroll_parse_json_mode(void *target, const unroll_option *o, const char *text)
{
    unroll_config *config = target;
    const bool lines = strcmp(text, "lines") == 0, yes = lines || strcmp(text, "true") == 0;
    if (!yes && strcmp(text, "false") != 0)
        return unroll_fail(UNROLL_EUSAGE,
                           UNROLL_OPTION "%s: '%.80s' is neither true nor false nor lines", o->name,
                           text);
    config->json = yes;
    config->json_lines = lines;
    return UNROLL_OK;
}

char *unroll_format_json_mode(const void *target, const unroll_option *o)
{
    const unroll_config *config = target;
    const char *text = config->json_lines ? "lines" : config->json ? "true" : "false";
    (void)o;
    return unroll_strndup(text, strlen(text));
}

unroll_status unroll_parse_forget_bias(void *target, const unroll_option *o, const char *text)
{
    unroll_config *config = target;
    const char *colon = strncmp(text, "chrono:", 7) == 0 ? text + 7 : NULL;
    double value = 0;
    if (strcmp(text, "chrono") == 0 || colon) {
        if (colon && !(unroll_parse_double(colon, &value) && value >= 3 && value <= 1e9))
            return unroll_fail(UNROLL_EUSAGE,
                               UNROLL_OPTION "%s: '%.80s' is no chrono:T; give a T from 3 to 1e9",
                               o->name, text);
        config->chrono = true;
        config->chrono_max = value;
        return UNROLL_OK;
    }
    const bool own = strcmp(text, "auto") == 0;
    if (!own && (!unroll_parse_double(text, &value) || value < o->min || value > o->max))
        return unroll_fail(UNROLL_EUSAGE,
                           UNROLL_OPTION
                           "%s: '%.80s' is neither a number from %g to %g nor chrono[:T] nor auto",
                           o->name, text, o->min, o->max);
    config->forget_bias = own ? NAN : value;
    config->chrono = false;
    config->chrono_max = 0;
    return UNROLL_OK;
}

char *unroll_format_forget_bias(const void *target, const unroll_option *o)
{
    const unroll_config *config = target;
    char number[32], text[48];
    (void)o;
    if (!config->chrono && isnan(config->forget_bias))
        return unroll_strndup("auto", 4);
    unroll_format_double(number, config->chrono ? config->chrono_max : config->forget_bias);
    const int length = snprintf(text, sizeof text, "%s%s",
                                !config->chrono          ? ""
                                : config->chrono_max > 0 ? "chrono:"
                                                         : "chrono",
                                config->chrono && !(config->chrono_max > 0) ? "" : number);
    return unroll_strndup(text, (size_t)length);
}
