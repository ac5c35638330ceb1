/* Models, of texts, translations and synthetic tasks: one that loads saves to what loads again. */
#include "fuzz.h"

#include <stdio.h>

#include "store/model.h"

FUZZ_TENSORS

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char copy[512];
    unroll_model *model = NULL, *again = NULL;
    const unroll_parameter *where;
    size_t bad;
    if (unroll_model_load(fuzz_file("x.safetensors", data, size), &model) != UNROLL_OK)
        return 0;
    (void)unroll_model_finite(model, &where, &bad);
    snprintf(copy, sizeof copy, "%s/again.safetensors", fuzz_directory());
    fuzz_require(unroll_model_save(model, copy) == UNROLL_OK);
    fuzz_require(unroll_model_load(copy, &again) == UNROLL_OK);
    unroll_model_free(again);
    unroll_model_free(model);
    return 0;
}
