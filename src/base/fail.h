#ifndef UNROLL_BASE_FAIL_H
#define UNROLL_BASE_FAIL_H
#include <unroll/status.h>

/** Set this thread's message and return `status`, so that `return unroll_fail(...)` reads well.
 *  Written once, where the facts are: "FILE:LINE: what is wrong; what to do". Characters of
 *  the result that may not be shown are escaped, so that a file name cannot drive a terminal. */
unroll_status unroll_fail(unroll_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Put "text: " before this thread's message; returns `status`. */
unroll_status unroll_fail_prefix(unroll_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Stands before an option's name in a message or note: UNROLL_OPTION "hidden is too large". The "
"library does not
 *  know how a user gives options, so it marks their names: the program shows "--hidden", and a caller of the library
 *  reads "hidden". The name may come from a conversion: UNROLL_OPTION "%s". */
#define UNROLL_OPTION "\x1f\x01"

/** This thread's message with its marks, to be kept and given to unroll_fail() again, or to be noted. Owned as that
 *  of unroll_message(), which is the same without marks. */
const char *unroll_marked_message(void);
/** Room for a message: a path may have 4096 bytes, and the advice behind it should still fit. */
enum { UNROLL_MESSAGE_MAX = 8192 };
/** This thread's message as the program shows it: "--" for each mark. */
void unroll_dashed_message(char text[UNROLL_MESSAGE_MAX]);

/** Marked text, such as a note, as the program shows it and as a caller of the library reads it. In place. */
void unroll_marks_to_dashes(char *text);
void unroll_marks_drop(char *text);

#define UNROLL_TRY(call)                    \
    do {                                    \
        unroll_status try_status_ = (call); \
        if (try_status_ != UNROLL_OK)       \
            return try_status_;             \
    } while (0)
#endif
