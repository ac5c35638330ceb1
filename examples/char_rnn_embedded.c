/* A char-RNN inside another program, which has it complete lines. Without an argument it first learns the rhyme below;
 * with one it takes a model that `unroll train` made.
 *   cc char_rnn_embedded.c $(pkg-config --cflags --libs unroll) -o complete && ./complete [MODEL] */
#include <stdio.h>
#include <string.h>
#include <unroll.h>

static const char rhyme[] =
    "This is the house that Jack built.\n"
    "This is the malt that lay in the house that Jack built.\n"
    "This is the rat that ate the malt that lay in the house that Jack built.\n"
    "This is the cat that killed the rat that ate the malt that lay in the house that Jack built.\n"
    "This is the dog that worried the cat that killed the rat that ate the malt that lay in the house "
    "that Jack built.\n";

static unroll_status print_loss(void *arg, const unroll_progress *progress)
{
    (void)arg;
    if (progress->step % 100 == 0)
        printf("step %llu: loss %.3f nats\n", (unsigned long long)progress->step, progress->loss);
    return UNROLL_OK;
}

static unroll_status learn(unroll_model **model)
{
    unroll_callbacks callbacks = UNROLL_CALLBACKS_INIT;
    unroll_config *config = NULL;
    callbacks.step = print_loss;
    unroll_status status = unroll_config_new(&config);
    if (status == UNROLL_OK)
        status = unroll_config_set(config, "cell", "gru");
    if (status == UNROLL_OK)
        status = unroll_config_set_integer(config, "hidden", 64);
    if (status == UNROLL_OK)
        status = unroll_config_set_real(config, "lr", 0.01);
    if (status == UNROLL_OK)
        status = unroll_config_set_flag(config, "lines", true); /* each is a sequence of its own */
    if (status == UNROLL_OK)
        status = unroll_config_set(config, "split", "1,0,0"); /* nothing is held out */
    if (status == UNROLL_OK)
        status = unroll_config_set_integer(config, "steps", 300);
    if (status == UNROLL_OK)
        status = unroll_model_train(config, rhyme, strlen(rhyme), &callbacks, model);
    unroll_config_free(config);
    return status;
}

static bool print_piece(void *arg, const char *data, size_t length)
{
    return fwrite(data, 1, length, arg) == length;
}

int main(int argc, char **argv)
{
    const char *const beginnings[] = {"This is the cat", "This is the malt", "This is the house"};
    const unroll_choice likely = {.size = sizeof likely, .temperature = 0.3};
    unroll_model *model = NULL;
    unroll_text_generator *generator = NULL;
    unroll_status status = argc > 1 ? unroll_model_load(argv[1], &model) : learn(&model);
    if (status == UNROLL_OK)
        status = unroll_text_generator_new(model, &likely, 1, &generator);
    if (status == UNROLL_OK)
        status = unroll_text_generator_stop_at(generator, "\n", 1);
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings && status == UNROLL_OK; i++) {
        status = unroll_text_generator_prime(generator, NULL, beginnings[i], strlen(beginnings[i]));
        if (status == UNROLL_OK)
            unroll_text_generator_write(generator, 200, print_piece, stdout, NULL);
        putchar('\n');
    }
    if (status != UNROLL_OK)
        fprintf(stderr, "%s: %s\n", argv[0], unroll_message());
    unroll_text_generator_free(generator);
    unroll_model_free(model);
    return status;
}
