/* Checkpoints, put back into a small trainer: it takes all of one, or says what does not fit and stays as it was. */
#include "fuzz.h"

#include "config/config.h"
#include "store/checkpoint.h"
#include "store/model.h"

FUZZ_TENSORS

static unroll_config *config;
static unroll_model *model;
static unroll_task *task;
static unroll_trainer *trainer;

/* As the seeds: --task copy:delay=2 --cell rnn --hidden 4 --layers 1 --batch 2. */
static void open_trainer(void)
{
    fuzz_require(unroll_config_new(&config) == UNROLL_OK);
    fuzz_require(unroll_config_set(config, "task", "copy:delay=2") == UNROLL_OK);
    fuzz_require(unroll_config_set(config, "cell", "rnn") == UNROLL_OK);
    fuzz_require(unroll_config_set(config, "hidden", "4") == UNROLL_OK);
    fuzz_require(unroll_config_set(config, "layers", "1") == UNROLL_OK);
    fuzz_require(unroll_config_set(config, "threads", "1") == UNROLL_OK);
    fuzz_require(unroll_model_create(config, NULL, NULL, &model) == UNROLL_OK);
    fuzz_require(unroll_task_new_synthetic("copy:delay=2",
                                           &(unroll_task_options){
                                               .size = sizeof(unroll_task_options), .batch = 2},
                                           &task) == UNROLL_OK);
    unroll_learning learning = unroll_config_learning(config);
    learning.threads = 1;
    fuzz_require(unroll_trainer_new(model->net, task, &learning, NULL, &trainer) == UNROLL_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unroll_checkpoint checkpoint = {0};
    unroll_config *read = NULL;
    unroll_model *own = NULL;
    if (!trainer)
        open_trainer();
    fuzz_file("checkpoint-2.safetensors", data, size);
    if (unroll_checkpoint_find(fuzz_directory(), NULL, NULL, &checkpoint) == UNROLL_OK) {
        fuzz_require(unroll_config_new(&read) == UNROLL_OK);
        (void)unroll_checkpoint_options(&checkpoint, read);
        if (unroll_checkpoint_model(&checkpoint, &own) == UNROLL_OK)
            unroll_model_free(own);
        (void)unroll_checkpoint_corpus(&checkpoint, 1);
        (void)unroll_checkpoint_restore(&checkpoint, trainer);
        unroll_config_free(read);
    }
    unroll_checkpoint_free(&checkpoint);
    return 0;
}
