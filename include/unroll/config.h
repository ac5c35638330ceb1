#ifndef UNROLL_CONFIG_H
#define UNROLL_CONFIG_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unroll/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The options of a model and its training: what the program's `train` command takes, under the same names, with
 *  the same ranges and defaults. Each value is checked when it is set; what several options must agree on is
 *  checked by unroll_config_check(), which also every function that takes a config does.
 *
 *  Names are those of the command line without dashes ("hidden", "seq-length"); its aliases are understood, and
 *  '_' counts as '-'. A function that is given a name that does not exist returns UNROLL_EUSAGE with a message
 *  that has the most similar one. */
typedef struct unroll_config unroll_config;

/** A config in which every option has its default.
 *  @param out  freed by unroll_config_free(); NULL on failure
 *  @return UNROLL_OK or UNROLL_EMEMORY */
unroll_status unroll_config_new(unroll_config **out);
/** A second config with the same values.
 *  @param out  freed by unroll_config_free(); NULL on failure
 *  @return UNROLL_OK or UNROLL_EMEMORY */
unroll_status unroll_config_copy(const unroll_config *config, unroll_config **out);
void unroll_config_free(unroll_config *config); /**< NULL is allowed */

/* ---- set ---- */

/** Set one option from text, as the command line would, e.g. ("hidden", "64") or ("time", "5m"). A flag takes
 *  "true" or "false". The text is copied.
 *  @return UNROLL_EUSAGE with a message of option, value and range, and the config is as it was; UNROLL_EMEMORY */
unroll_status unroll_config_set(unroll_config *config, const char *name, const char *value);
/** The same from an integer: for options of kind UNROLL_CONFIG_INTEGER or UNROLL_CONFIG_REAL. Bytes are in bytes
 *  ("max-input"), times in seconds ("time"). */
unroll_status unroll_config_set_integer(unroll_config *config, const char *name, int64_t value);
/** The same from a real number, which must be whole where the option is an integer. */
unroll_status unroll_config_set_real(unroll_config *config, const char *name, double value);
/** The same for an option of kind UNROLL_CONFIG_FLAG. */
unroll_status unroll_config_set_flag(unroll_config *config, const char *name, bool value);

/* ---- get ---- */

/** An option's value as text that unroll_config_set() takes; "" for a text that is not set.
 *  @param buffer  [room] takes the text and a NUL; may be NULL where room is 0
 *  @param length  NULL, or takes the length of the text without the NUL, also where it does not fit
 *  @return UNROLL_EUSAGE where the text does not fit and room is not 0, or for a name that does not exist;
 *          UNROLL_EMEMORY. The buffer then holds "" where it has room */
unroll_status unroll_config_get(const unroll_config *config, const char *name, char *buffer,
                                size_t room, size_t *length);
/** The value of an option of kind UNROLL_CONFIG_INTEGER.
 *  @return UNROLL_EUSAGE for an option of another kind or a name that does not exist; *value is then as it was */
unroll_status unroll_config_get_integer(const unroll_config *config, const char *name,
                                        int64_t *value);
/** The value of an option of kind UNROLL_CONFIG_REAL or UNROLL_CONFIG_INTEGER; times are in seconds.
 *  @return as unroll_config_get_integer() */
unroll_status unroll_config_get_real(const unroll_config *config, const char *name, double *value);
/** The value of an option of kind UNROLL_CONFIG_FLAG.
 *  @return as unroll_config_get_integer() */
unroll_status unroll_config_get_flag(const unroll_config *config, const char *name, bool *value);

/* ---- check ---- */

/** What no single option can see: values that contradict each other, or an option that would do nothing beside
 *  the others.
 *  @return UNROLL_EUSAGE with a message that names the options */
unroll_status unroll_config_check(const unroll_config *config);

/* ---- which options there are ---- */

enum unroll_config_kind {
    UNROLL_CONFIG_FLAG,    /**< true or false */
    UNROLL_CONFIG_INTEGER, /**< from 0 or 1 on */
    UNROLL_CONFIG_REAL,    /**< a finite number */
    UNROLL_CONFIG_TEXT     /**< a name from a list, a file, or a syntax of its own */
};

/** The i-th option's name, NULL at the end. All strings below are constants of the library. */
const char *unroll_config_name(size_t i);
/** @return UNROLL_CONFIG_TEXT for a name that does not exist, too */
enum unroll_config_kind unroll_config_kind(const char *name);
/** One sentence on what the option is, as the program's help has it; other options appear there with their dashes.
 *  @return NULL for a name that does not exist */
const char *unroll_config_help(const char *name);
/** The value in a new config, as text. @return "" where it is not set; NULL for a name that does not exist */
const char *unroll_config_default(const char *name);
/** The i-th value of an option that takes a name from a list.
 *  @return NULL at the end, for other options, and for a name that does not exist */
const char *unroll_config_choice(const char *name, size_t i);

#ifdef __cplusplus
}
#endif
#endif
