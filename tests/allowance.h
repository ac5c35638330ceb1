#ifndef UNROLL_TESTS_ALLOWANCE_H
#define UNROLL_TESTS_ALLOWANCE_H
#include <stdbool.h>
#include <unroll/status.h>

/* Every allocation of a call fails once, and none of these failures may be lost:
 *
 *     for (long n = 0; allow(n); n++) {
 *         status = call();
 *         allowed(status);
 *     }
 */

/** Let the first n allocations of the next call succeed and all after that fail, with n from 0 on. False, and no
 *  allocation fails any more, when the call before needed fewer than it was allowed. */
bool allow(long n);
/** Lifts it. Fails the calling test where the call succeeded although an allocation had failed. */
void allowed(unroll_status status);
#endif
