#ifndef TESTS_WORK_OPTIONS_H
#define TESTS_WORK_OPTIONS_H
#include <unroll/net.h>

/* Options of a workspace with their size, as an argument: WORK(.T = 5, .B = 2). */
#define WORK(...) (&(const unroll_work_options){.size = sizeof(unroll_work_options), __VA_ARGS__})
#endif
