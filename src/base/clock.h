#ifndef UNROLL_BASE_CLOCK_H
#define UNROLL_BASE_CLOCK_H

/** Seconds by a clock that only goes forward, from a point that means nothing. */
double unroll_seconds(void);
#endif
