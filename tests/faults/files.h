#ifndef TESTS_FAULTS_FILES_H
#define TESTS_FAULTS_FILES_H
#include <stdbool.h>
#include <stddef.h>

/* What a sweep does with files and directories. Only what cannot happen ends the program. */

/** The whole file with a NUL behind it, free() it; NULL where there is none. */
char *file_read(const char *path, size_t *length);
/** Is it the same, byte by byte? */
bool file_same(const char *path, const char *other);
void tree_remove(const char *path);
void tree_copy(const char *from, const char *to);

/** Drop from CSV or JSON what the clock decides: columns and members with names of seconds, rates and memory. */
void without_clock(char *text);

enum how_much {
    ALL,      /**< the same files with the same text */
    AGAIN,    /**< but config.json, which tells how the last call was */
    NO_OTHERS /**< and logs may lack rows, and samples and pictures may be missing; nothing is there that should not be */
};
/** How a run directory differs from one that never failed. Of checkpoints the last counts.
 *  @param what  room for a text; "" where it does not differ */
void tree_compare(const char *path, const char *reference, enum how_much much, char what[256]);
#endif
