#include "picture.h"

// TIFF numbers, in the order that the header names.
struct tiff {
    const uint8_t *bytes;
    size_t size;
    bool is_little;
};

static uint32_t number(struct tiff tiff, size_t offset, int count) {
    uint32_t value = 0;
    if (offset > tiff.size || tiff.size - offset < (size_t)count) return 0;
    for (int index = 0; index < count; index++) {
        value = value << 8 | tiff.bytes[offset + (size_t)(tiff.is_little ? count - 1 - index : index)];
    }
    return value;
}

int exif_orientation(const uint8_t *bytes, size_t size) {
    struct tiff tiff = { bytes, size, size > 0 && bytes[0] == 'I' };
    if (size < 8 || bytes[0] != bytes[1] || (bytes[0] != 'I' && bytes[0] != 'M') || number(tiff, 2, 2) != 42) return 1;
    size_t directory = number(tiff, 4, 4);
    uint32_t count = number(tiff, directory, 2);
    for (uint32_t index = 0; index < count; index++) {
        size_t entry = directory + 2 + 12 * (size_t)index;
        if (entry + 12 > size) break;
        // Tag 274 of the TIFF specification, one number of 16 bits.
        if (number(tiff, entry, 2) != 0x0112) continue;
        uint32_t value = number(tiff, entry + 8, 2);
        return value >= 1 && value <= 8 ? (int)value : 1;
    }
    return 1;
}
