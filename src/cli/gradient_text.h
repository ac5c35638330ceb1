#ifndef UNROLL_CLI_GRADIENT_TEXT_H
#define UNROLL_CLI_GRADIENT_TEXT_H
#include "lab/gradient_report.h"

/** Table, theory and the curve in characters, or one JSON object, on standard output. */
unroll_status gradient_print(const gradient_report *report, bool json);
#endif
