/* Changes to safetensors files that keep what a reader checks first: the header's length, and both checksums. */
#define FUZZ_SHARED
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "fuzz.h"

enum { LENGTH = 8, DIGITS = 8 };

static size_t header_length(const uint8_t *data, size_t size)
{
    uint64_t n = 0;
    if (size < LENGTH)
        return SIZE_MAX;
    for (size_t i = 0; i < LENGTH; i++)
        n |= (uint64_t)data[i] << (8 * i);
    return n <= size - LENGTH ? (size_t)n : SIZE_MAX;
}

static uint8_t *find(uint8_t *text, size_t length, const char *what)
{
    const size_t n = strlen(what);
    for (size_t i = 0; i + n + DIGITS <= length; i++)
        if (memcmp(text + i, what, n) == 0)
            return text + i + n;
    return NULL;
}

static void put_digits(uint8_t *to, uint32_t crc)
{
    char digits[DIGITS + 1];
    snprintf(digits, sizeof digits, "%08x", (unsigned)crc);
    memcpy(to, digits, DIGITS);
}

static void repair(uint8_t *data, size_t size, size_t header)
{
    for (size_t i = 0; i < LENGTH; i++)
        data[i] = (uint8_t)((uint64_t)header >> (8 * i));
    uint8_t *text = data + LENGTH, *payload = text + header;
    uint8_t *crc = find(text, header, "\"crc32\":\""),
            *own = find(text, header, "\"header_crc32\":\"");
    if (crc)
        put_digits(crc, (uint32_t)crc32_z(0, payload, size - LENGTH - header));
    if (own) {
        memset(own, '0', DIGITS);
        put_digits(own, (uint32_t)crc32_z(0, text, header));
    }
}

size_t fuzz_mutate_tensors(uint8_t *data, size_t size, size_t most, unsigned seed,
                           size_t (*mutate)(uint8_t *, size_t, size_t))
{
    size_t header = header_length(data, size);
    if (header == SIZE_MAX || seed % 8 == 0)
        return mutate(data, size, most);
    const size_t payload = size - LENGTH - header;
    if (seed / 8 % 8 == 0) {
        size = LENGTH + header + mutate(data + LENGTH + header, payload, most - LENGTH - header);
    } else {
        uint8_t *part = malloc(most);
        fuzz_require(part);
        memcpy(part, data + LENGTH, header);
        const size_t changed = mutate(part, header, most - LENGTH - payload);
        memmove(data + LENGTH + changed, data + LENGTH + header, payload);
        memcpy(data + LENGTH, part, changed);
        free(part);
        header = changed;
        size = LENGTH + header + payload;
    }
    repair(data, size, header);
    return size;
}
