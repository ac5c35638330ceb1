#ifndef UNROLL_BASE_OPTION_H
#define UNROLL_BASE_OPTION_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unroll/status.h>

/* One row an option. Parsing, help, the man page, shell completion, --config files, config.json
 * and a model's metadata are all made from these rows. */

enum unroll_option_type {
    UNROLL_FLAG,   /**< bool; `parse` and `format` may give it more values than true and false */
    UNROLL_SIZE,   /**< uint64_t */
    UNROLL_NUMBER, /**< double */
    UNROLL_CHOICE, /**< int: index into `choices` */
    UNROLL_NAME,   /**< char *: one of `choices`, or of what `names` lists */
    UNROLL_TEXT, /**< char *, NULL by default unless `preset` says; "" takes back what was set, where there
                     *   is no preset, and else is refused */
    UNROLL_CUSTOM /**< parsed by `parse` */
};

/** What an option belongs to, for resume and metadata. */
enum unroll_option_role {
    UNROLL_ROLE_MODEL = 1, /**< shapes network or vocabulary: goes into a model's metadata */
    UNROLL_ROLE_DATA = 2,  /**< decides what the text becomes */
    UNROLL_ROLE_LEARN = 4, /**< changes the training's numbers */
    UNROLL_ROLE_BOUND = 8, /**< when it ends: may be given anew on resume */
    UNROLL_ROLE_RUN = 16   /**< only logs, saves or speeds up: likewise */
};

/** Sizes with this as their `max` have no upper bound in words; it keeps them exact as doubles. */
#define UNROLL_OPTION_NO_MAX 9007199254740992.0

typedef struct unroll_option {
    const char *name;    /**< "hidden" */
    const char *aliases; /**< "rnn-size hidden-size nhid", or NULL */
    const char *group;   /**< heading in help */
    const char *meta;    /**< "N", "FILE", … ; NULL for flags */
    const char *help;    /**< one line; range, default and aliases are appended by help */
    char letter;         /**< 'o' where a command line may say -o as well; 0: none */
    const char *basic; /**< of the few that one needs most: what short help says of it, which then shows no others;
                          *   NULL: it is none of them */
    enum unroll_option_type type;
    unsigned role;
    size_t offset;           /**< of the field in the command's struct */
    const char *preset;      /**< default, as text; NULL: zero or NULL */
    double min, max;         /**< bounds, inclusive; for sizes and numbers */
    bool open_min, open_max; /**< bounds exclusive */
    bool blank; /**< of a TEXT: a command line may give "", which is as if it were not given */
    const char *const *choices;         /**< NULL-terminated */
    const char *(*names)(size_t i);     /**< names from a table, NULL at the end */
    const char *(*summaries)(size_t i); /**< a line on each of them, for help; or NULL */
    /** Of a NAME: the keys of the i-th, which may then be given as "NAME:key=value,…"; or NULL */
    const struct unroll_spec_key *(*keys)(size_t i);
    /** `target` is the struct that `offset` counts in: the list's base is already added. */
    unroll_status (*parse)(void *target, const struct unroll_option *o, const char *text);
    char *(*format)(const void *target, const struct unroll_option *o); /**< unroll_alloc'ed text */
} unroll_option;

/** Several tables in a row make a command's options; ends with {NULL}. */
typedef struct unroll_option_list {
    const unroll_option *rows;
    size_t count;
    size_t base; /**< added to each row's offset */
} unroll_option_list;

/** The row of `name` or of an alias (underscores count as hyphens); *base is its list's. NULL:
 *  none. */
const unroll_option *unroll_option_find(const unroll_option_list *lists, const char *name,
                                        size_t *base);
/** The row whose letter this is; NULL: none. */
const unroll_option *unroll_option_letter(const unroll_option_list *lists, char letter, size_t *base);

enum { UNROLL_OPTION_SEVERAL = 200 };
/** The one row that has a name or an alias which begins with `name`.
 *  @param skip     rows that do not count; NULL: all do
 *  @param several  the names, where more than one row has such a name; else "". The longest that fit.
 *  @return NULL where there is none or more than one */
const unroll_option *unroll_option_abbreviated(const unroll_option_list *lists, const char *name,
                                               bool (*skip)(const unroll_option *o), size_t *base,
                                               char several[UNROLL_OPTION_SEVERAL]);

/** The closest name for "did you mean", or NULL. */
const char *unroll_option_nearest(const unroll_option_list *lists, const char *name);

/** The i-th name that a CHOICE or NAME row accepts, NULL at the end. */
const char *unroll_option_choice(const unroll_option *o, size_t i);
/** "from 1 to 8", "of at least 1", "from 0 to below 1" into buffer; "" for rows without a range. */
const char *unroll_option_range(const unroll_option *o, char buffer[96]);

unroll_status unroll_option_defaults(const unroll_option_list *lists, void *target);
/** UNROLL_EUSAGE naming option, value and range: "--lr: '3x' is not a number; give one from 0 to
 *  1000". */
unroll_status unroll_option_set(const unroll_option *o, size_t base, void *target, const char *text);
/** May a command line give `text` to this row? An empty name, as an unset variable of a shell's gives, is not the
 *  default.
 *  @return UNROLL_EUSAGE naming the option and what it takes */
unroll_status unroll_option_check_blank(const unroll_option *o, const char *text);
/** The value as text that unroll_option_set() reads back; unroll_alloc'ed; NULL with a message. A
 *  NULL string is "". */
char *unroll_option_get(const unroll_option *o, size_t base, const void *target);
void unroll_option_release(const unroll_option_list *lists, void *target); /**< frees strings */

/** parse and format of CUSTOM rows whose field is a uint64_t of bytes: "4096", "10M" (K, M, G, T:
 *  powers of 1024). */
unroll_status unroll_option_parse_bytes(void *target, const unroll_option *o, const char *text);
char *unroll_option_format_bytes(const void *target, const unroll_option *o);
/** The same for a double of seconds: "90", "90s", "1.5m", "2h". */
unroll_status unroll_option_parse_seconds(void *target, const unroll_option *o, const char *text);
char *unroll_option_format_seconds(const void *target, const unroll_option *o);
#endif
