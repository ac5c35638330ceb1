#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* A fuzz target is one file fuzz_NAME.c that includes this header and defines LLVMFuzzerTestOneInput(), and one
 * line in module.am. `make fuzz` builds it with libFuzzer; `make check` builds it with any compiler, and then it
 * reads what is kept in corpus/NAME: seeds, and every input that a fault was found by. */

/** One input. It may fail in any way that the library has a status for; nothing else may happen. @return 0 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Make the file `name`, in a directory of this process, of these bytes. @return its path, until the next call */
const char *fuzz_file(const char *name, const void *data, size_t size);
const char *fuzz_directory(void);
/** The bytes as a string, which ends at the first NUL; free() it. */
char *fuzz_text(const void *data, size_t size);
/** Something that must hold whatever the input is. */
#define fuzz_require(holds)                          \
    do {                                             \
        if (!(holds))                                \
            fuzz_failed(__FILE__, __LINE__, #holds); \
    } while (0)
_Noreturn void fuzz_failed(const char *file, int line, const char *what);

/** Split the input at its first newline into two strings; free() both. */
void fuzz_split(const void *data, size_t size, char **first, char **second);

/** A change to a safetensors file that leaves its lengths and checksums right most of the time, so that what lies
 *  behind their checks is reached.
 *  @param mutate  LLVMFuzzerMutate()
 *  @return the new size */
size_t fuzz_mutate_tensors(uint8_t *data, size_t size, size_t most, unsigned seed,
                           size_t (*mutate)(uint8_t *, size_t, size_t));

/** main() of a target without libFuzzer. */
int fuzz_replay(int argc, char **argv);

#ifdef FUZZ_LIBFUZZER
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);
#define FUZZ_TENSORS                                                                       \
    size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed) \
    {                                                                                      \
        return fuzz_mutate_tensors(data, size, most, seed, LLVMFuzzerMutate);              \
    }
#else
#define FUZZ_TENSORS
#endif

#if !defined FUZZ_LIBFUZZER && !defined FUZZ_SHARED
int main(int argc, char **argv)
{
    return fuzz_replay(argc, argv);
}
#endif
#endif
