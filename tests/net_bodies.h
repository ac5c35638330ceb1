#ifndef TESTS_NET_BODIES_H
#define TESTS_NET_BODIES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unroll/net.h>

#include "parameter.h"

/* Small networks of every cell, form and activation, and batches for them. */

enum { STEPS = 8, ROWS = 5, SYMBOLS = 21, UNITS = 10, FEATURES = 6, BODIES_MAX = 32 };

extern struct body {
    const char *cell, *form, *activation;
    size_t states;
} bodies[BODIES_MAX];
extern int body_count;

void list_bodies(void); /**< fills them; call it first */
unroll_net_spec make_spec(int body);
unroll_net *new_net(unroll_net_spec spec);
unroll_work *new_work(const unroll_net *net, size_t T, size_t B, size_t threads);
void *new_array(size_t count, size_t size);

/* A batch with data of its own. */
typedef struct window {
    unroll_batch batch;
    uint32_t *input, *target;
    float *feature, *value, *weight;
    uint8_t *mode;
} window;

void open_window(window *w, const unroll_net_spec *spec, size_t T, size_t B, bool padded);
void close_window(window *w);
#endif
