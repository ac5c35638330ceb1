#include "golden_file.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runner.h"

static char path[4096];

void golden_need(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "%s: %s\n", path, what);
        exit(EXIT_FAILURE);
    }
}

FILE *golden_open(const char *name)
{
    snprintf(path, sizeof path, "tests/golden/%s", name);
    FILE *f = fopen(source_path(path), "rb");
    golden_need(f != NULL, "cannot be opened");
    return f;
}

void golden_tensor(FILE *f, const char *line, tensor *t)
{
    unsigned long d[4] = {1, 1, 1, 1};
    const int got = sscanf(line, "tensor %63s %lu %lu %lu %lu", t->name, &d[0], &d[1], &d[2], &d[3]);
    golden_need(got >= 2, line);
    t->count = d[0] * d[1] * d[2] * d[3];
    t->data = malloc(t->count * sizeof *t->data);
    golden_need(t->data != NULL, "no memory");
    for (size_t i = 0; i < t->count; i++) {
        unsigned char b[4];
        golden_need(fread(b, 1, 4, f) == 4, "ends early");
        const uint32_t bits =
            b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
        memcpy(&t->data[i], &bits, 4);
    }
    golden_need(fgetc(f) == '\n', line);
}
