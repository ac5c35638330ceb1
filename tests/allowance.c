#include "allowance.h"

#include <check.h>

#include "base/memory.h"

static long given;
static unsigned long before;
static bool enough, succeeded;

bool allow(long n)
{
    if (n == 0)
        enough = succeeded = false;
    ck_assert_int_lt(n, 2000);
    given = n;
    before = unroll_alloc_count();
    unroll_alloc_fail_after(enough ? -1 : n);
    return !enough;
}

void allowed(unroll_status status)
{
    unroll_alloc_fail_after(-1);
    /* Who took all that there was may have wanted more. Two such calls cannot both have needed no more than that. */
    enough = unroll_alloc_count() - before < (unsigned long)given;
    ck_assert_msg(!succeeded || (enough && status == UNROLL_OK),
                  "%ld allocations were enough, or one that failed was overlooked; now %ld gave %d %s",
                  given - 1, given, (int)status, unroll_message());
    succeeded = status == UNROLL_OK;
    ck_assert_msg(succeeded || !enough, "no allocation failed: %d %s", (int)status, unroll_message());
}
