/* A training loop of one's own, and what the gradient does meanwhile: an LSTM reads a symbol, waits, and then has to
 * say it. As it learns to, the gradient at the end comes to reach back to the symbol.
 *   cc own_loop.c $(pkg-config --cflags --libs unroll) -o own_loop && ./own_loop */
#include <stdio.h>
#include <stdlib.h>
#include <unroll.h>

static void check(unroll_status status)
{
    if (status == UNROLL_OK)
        return;
    fprintf(stderr, "own_loop: %s\n", unroll_message());
    exit(status);
}

/* Gradient of the last loss with respect to the cell state, so many steps before it. */
static void print_record(unroll_gradient_monitor *monitor, int updates)
{
    check(unroll_gradient_monitor_take(monitor));
    const unroll_curve *curve = unroll_gradient_monitor_curve(monitor);
    const size_t distances = unroll_curve_distances(curve);
    double *gmean = malloc(distances * sizeof *gmean);
    if (gmean)
        check(unroll_curve_gmean(curve, 0, UNROLL_STATE_C, gmean));
    printf("after %d updates |dL/dc| at distance", updates);
    for (size_t k = 0; gmean && k < distances; k += 5)
        printf(" %zu: %.2g%s", k, gmean[k], k + 5 < distances ? "," : "\n");
    free(gmean);
}

int main(void)
{
    const unroll_task_options few = {.size = sizeof few, .batch = 32, .seed = 1};
    unroll_task *task;
    check(unroll_task_new_synthetic("copy:symbols=4,length=1,delay=10", &few, &task));
    unroll_net_spec spec = {.size = sizeof spec, .cell = "lstm", .layers = 1, .hidden = 32};
    unroll_task_set_spec(task, &spec);
    unroll_net *net;
    check(unroll_net_new(&spec, &net));
    const unroll_init start = UNROLL_INIT_DEFAULT;
    check(unroll_net_init(net, &start));
    unroll_net_pack(net, 1);

    unroll_work_options room = {.size = sizeof room, .training = true};
    unroll_task_set_work(task, UNROLL_TRAIN, &room);
    unroll_work *work;
    check(unroll_work_new(net, &room, &work));
    unroll_optimizer *adam;
    check(unroll_optimizer_new(NULL, unroll_net_learned(net), &adam));
    unroll_real *gradient = malloc(unroll_net_size(net) * sizeof *gradient);

    unroll_batch batch;
    bool more;
    unroll_gradient_monitor *monitor;
    check(unroll_task_held_out(task, UNROLL_VALID, 0, &batch, &more));
    check(unroll_gradient_monitor_new(net, &batch, NULL, &monitor));
    print_record(monitor, 0);
    for (int update = 1; gradient && update <= 400; update++) {
        unroll_result result;
        double norm;
        check(unroll_task_next(task, &batch));
        check(unroll_net_gradient(net, &batch, work, gradient, &result));
        check(unroll_clip_norm(5, unroll_net_learned(net), gradient, &norm));
        check(unroll_optimizer_step(adam, 0.01, unroll_net_weights(net), gradient));
        unroll_net_pack(net, 1);
        if (update % 100 == 0) {
            printf("loss %.4f, ", result.loss / result.weight);
            print_record(monitor, update);
        }
    }
    unroll_gradient_monitor_free(monitor);
    free(gradient);
    unroll_optimizer_free(adam);
    unroll_work_free(work);
    unroll_net_free(net);
    unroll_task_free(task);
    return 0;
}
