#ifndef UNROLL_BASE_FAIL_H
#define UNROLL_BASE_FAIL_H
#include <unroll/status.h>

/** Set this thread's message and return `status`, so that `return unroll_fail(...)` reads well.
 *  Written once, where the facts are: "FILE:LINE: what is wrong; what to do". Control characters in
 *  the result are escaped, so that a file name cannot drive a terminal. */
unroll_status unroll_fail(unroll_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Put "text: " before this thread's message; returns `status`. */
unroll_status unroll_fail_prefix(unroll_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#define UNROLL_TRY(call)                                                                 \
    do {                                                                                 \
        unroll_status try_status_ = (call);                                              \
        if (try_status_ != UNROLL_OK)                                                    \
            return try_status_;                                                          \
    } while (0)
#endif
