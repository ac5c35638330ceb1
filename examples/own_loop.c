/* A training loop of one's own, and what the gradient does meanwhile: an LSTM reads a symbol, waits, and then has to
 * say it. As it learns to, the gradient at the end comes to reach back to the symbol.
 *   cc own_loop.c $(pkg-config --cflags --libs unroll) -o own_loop && ./own_loop */
#include <stdio.h>
#include <stdlib.h>
#include <unroll.h>

#define COPY "copy:symbols=4,length=1,delay=10"

static void check(unroll_status status)
{
    if (status == UNROLL_OK)
        return;
    fprintf(stderr, "own_loop: %s\n", unroll_message());
    exit(status);
}

/* Gradient of the last loss with respect to the cell state, so many steps before it. */
static void print_record(unroll_gradient_monitor *monitor, int updates, double loss)
{
    check(unroll_gradient_monitor_take(monitor));
    const unroll_curve *curve = unroll_gradient_monitor_curve(monitor);
    const size_t distances = unroll_curve_distances(curve);
    double *gmean = malloc(distances * sizeof *gmean);
    if (gmean)
        check(unroll_curve_gmean(curve, 0, UNROLL_STATE_C, gmean));
    printf("after %d updates: loss %.4f, |dL/dc| at distance", updates, loss);
    for (size_t k = 0; gmean && k < distances; k += 5)
        printf(" %zu: %.2g%s", k, gmean[k], k + 5 < distances ? "," : "\n");
    free(gmean);
}

int main(void)
{
    const unroll_task_options batches = {.size = sizeof batches, .batch = 32, .seed = 1};
    const unroll_model_options synthetic = {.size = sizeof synthetic, .task = COPY};
    unroll_task *task;
    check(unroll_task_new_synthetic(COPY, &batches, &task));
    unroll_net_spec spec = {.size = sizeof spec, .cell = "lstm", .layers = 1, .hidden = 32};
    unroll_task_set_spec(task, &spec);
    unroll_net *net;
    check(unroll_net_new(&spec, &net));
    check(unroll_net_init(net, &(unroll_init)UNROLL_INIT_DEFAULT));
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
    for (int update = 0; gradient && update <= 400; update++) {
        unroll_result result;
        double norm;
        check(unroll_task_next(task, &batch));
        check(unroll_net_gradient(net, &batch, work, gradient, &result));
        if (update % 100 == 0)
            print_record(monitor, update, result.loss / result.weight);
        check(unroll_clip_norm(5, unroll_net_learned(net), gradient, &norm));
        check(unroll_optimizer_step(adam, 0.01, unroll_net_weights(net), gradient));
        unroll_net_pack(net, 1);
    }
    unroll_model *model;
    check(unroll_model_new(net, NULL, &synthetic, &model)); /* the net is the model's now */
    check(unroll_model_save(model, "own_loop.safetensors"));
    unroll_gradient_monitor_free(monitor);
    free(gradient);
    unroll_optimizer_free(adam);
    unroll_work_free(work);
    unroll_model_free(model);
    unroll_task_free(task);
    return 0;
}
