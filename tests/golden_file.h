#ifndef GOLDEN_FILE_H
#define GOLDEN_FILE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* What the files of values from PyTorch have in common; their format is at the head of the scripts that
 * make them. */

typedef struct tensor {
    char name[64];
    size_t count;
    float *data;
} tensor;

/** tests/golden/NAME under $srcdir, for reading; later messages name it. */
FILE *golden_open(const char *name);
/** Before any test runs, so not for check to report: the program ends where !ok. */
void golden_need(bool ok, const char *what);
/** The tensor of `line`, "tensor NAME SIZE…": up to four sizes, then little-endian floats and a newline. */
void golden_tensor(FILE *f, const char *line, tensor *t);
#endif
