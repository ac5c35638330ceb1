#ifndef UNROLL_BASE_DISPLAY_H
#define UNROLL_BASE_DISPLAY_H
#include <stddef.h>
#include <stdint.h>

/* Text and numbers as people may be shown them. */

enum { UNROLL_ESCAPE_MAX = 16 };
/** One character of text as it may be shown: control and direction-changing characters and
 *  invalid UTF-8 come out as \n, \x1b or \u202e (backslash as \\ only where `keep` is ""). Bytes
 *  in `keep` are left alone.
 *  @param shown  NUL-terminated result
 *  @return bytes of `text` that were used, at least 1 */
size_t unroll_display_escape(const char *text, size_t length, const char *keep,
                             char shown[UNROLL_ESCAPE_MAX]);
/** A whole string escaped for one line; unroll_alloc'ed, NULL with a message. */
char *unroll_display_escape_line(const char *text, size_t length);

/* ---- numbers for people; the same in every locale ---- */

enum { UNROLL_NUMBER_MAX = 32 };
/** "1,234,567" */
const char *unroll_display_count(char buffer[UNROLL_NUMBER_MAX], uint64_t n);
/** "812", "71.4k", "1.20M" */
const char *unroll_display_short(char buffer[UNROLL_NUMBER_MAX], double n);
/** "812 B", "12.7 MB": powers of 1000 */
const char *unroll_display_bytes(char buffer[UNROLL_NUMBER_MAX], double bytes);
/** "0.8 s", "2m 05s", "1h 12m" */
const char *unroll_display_duration(char buffer[UNROLL_NUMBER_MAX], double seconds);
#endif
