#ifndef UNROLL_CONFIG_SYNTAX_H
#define UNROLL_CONFIG_SYNTAX_H
#include "base/option.h"

/* Options whose values have a syntax of their own; parse and format of their rows (base/option.h). */

/** "A,B,C": three shares. */
unroll_status unroll_parse_split(void *target, const unroll_option *o, const char *text);
char *unroll_format_split(const void *target, const unroll_option *o);
/** "true", "false" or "lines", which is true and more. The target is an unroll_config. */
unroll_status unroll_parse_json_mode(void *target, const unroll_option *o, const char *text);
char *unroll_format_json_mode(const void *target, const unroll_option *o);
/** A number, "auto", "chrono" or "chrono:T". The target is an unroll_config. */
unroll_status unroll_parse_forget_bias(void *target, const unroll_option *o, const char *text);
char *unroll_format_forget_bias(const void *target, const unroll_option *o);
#endif
