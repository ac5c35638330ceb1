/* Files of tensors: what is read can be looked up, and lies within what was read. */
#include "fuzz.h"

#include <string.h>

#include "store/tensors.h"

FUZZ_TENSORS

static volatile unsigned char seen; /* so that every byte is read */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unroll_tensors t = {0};
    if (unroll_tensors_read(fuzz_file("x.safetensors", data, size), &t) == UNROLL_OK) {
        for (size_t i = 0; i < t.count; i++) {
            const unroll_tensor *one = &t.tensor[i];
            size_t bytes = one->dtype == UNROLL_F32 ? 4 : 8;
            fuzz_require(one->rank <= UNROLL_RANK_MAX);
            fuzz_require(unroll_tensors_find(&t, one->name));
            for (size_t k = 0; k < one->rank; k++)
                bytes *= one->shape[k];
            for (size_t k = 0; k < bytes; k++)
                seen = ((const unsigned char *)one->data)[k];
        }
        for (size_t i = 0; i < t.metadata_count; i++)
            fuzz_require(unroll_tensors_metadata(&t, t.metadata[i].key));
    }
    unroll_tensors_free(&t);
    return 0;
}
