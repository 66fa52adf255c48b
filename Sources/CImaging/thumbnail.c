#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "CImaging.h"
#include "confinement.h"
#include "picture.h"

static void write_all(const uint8_t *bytes, size_t count) {
    while (count > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, count);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) _exit(1);
        bytes += written;
        count -= (size_t)written;
    }
}

void finish(enum outcome outcome, enum format format, const uint8_t *bytes, size_t count) {
    uint8_t header[6] = { (uint8_t)outcome, (uint8_t)format };
    for (int index = 0; index < 4; index++) header[2 + index] = (uint8_t)(count >> 8 * index);
    write_all(header, sizeof header);
    write_all(bytes, count);
    _exit(0);
}

void give_up(enum outcome outcome) { finish(outcome, FORMAT_NONE, NULL, 0); }

void *allocate(size_t count, size_t size) {
    void *memory = calloc(count, size);
    if (!memory) give_up(OUTCOME_TOO_LARGE);
    return memory;
}

static enum format format_of(struct source source) {
    const uint8_t *bytes = source.bytes;
    if (source.size >= 3 && memcmp(bytes, "\xFF\xD8\xFF", 3) == 0) return FORMAT_JPEG;
    if (source.size >= 8 && memcmp(bytes, "\x89PNG\r\n\x1A\n", 8) == 0) return FORMAT_PNG;
    if (source.size >= 6 && (memcmp(bytes, "GIF87a", 6) == 0 || memcmp(bytes, "GIF89a", 6) == 0)) return FORMAT_GIF;
    if (source.size >= 12 && memcmp(bytes, "RIFF", 4) == 0 && memcmp(bytes + 8, "WEBP", 4) == 0) return FORMAT_WEBP;
    return FORMAT_NONE;
}

// As EXIF numbers them: 2 to 4 mirrored or upside down, 5 to 8 on their side.
static struct image turn(struct image image, int orientation) {
    if (orientation <= 1) return image;
    bool is_on_its_side = orientation >= 5;
    struct image turned = { is_on_its_side ? image.height : image.width, is_on_its_side ? image.width : image.height, image.channels, NULL };
    turned.samples = allocate((size_t)turned.width * (size_t)turned.height, (size_t)turned.channels);
    bool flips_columns = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    bool flips_rows = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    uint8_t *target = turned.samples;
    for (int y = 0; y < turned.height; y++) {
        for (int x = 0; x < turned.width; x++, target += image.channels) {
            int column = is_on_its_side ? y : x, row = is_on_its_side ? x : y;
            if (flips_columns) column = image.width - 1 - column;
            if (flips_rows) row = image.height - 1 - row;
            memcpy(target, image.samples + ((size_t)row * (size_t)image.width + (size_t)column) * (size_t)image.channels, (size_t)image.channels);
        }
    }
    free(image.samples);
    return turned;
}

// Drops transparency where nothing is transparent.
static void simplify(struct image *image) {
    if (image->channels != 4) return;
    size_t count = (size_t)image->width * (size_t)image->height;
    for (size_t index = 0; index < count; index++) {
        if (image->samples[4 * index + 3] != 255) return;
    }
    for (size_t index = 0; index < count; index++) memmove(image->samples + 3 * index, image->samples + 4 * index, 3);
    image->channels = 3;
}

void landline_thumbnail(int width, int height, int crops, int takes_animation) {
    struct source source = confine_with_input();
    if (width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE) give_up(OUTCOME_UNKNOWN);
    struct wish wish = { width, height, crops != 0, takes_animation != 0, source.size <= MAX_ORIGINAL_BYTES };
    struct plan plan = { 0 };
    struct colour_profile profile = { 0 };
    struct image image;
    switch (format_of(source)) {
    case FORMAT_JPEG: image = read_jpeg(source, &wish, &plan, &profile); break;
    case FORMAT_PNG: image = read_png(source, &wish, &plan); break;
    case FORMAT_GIF: image = read_gif(source, &wish, &plan); break;
    case FORMAT_WEBP: image = read_webp(source, &wish, &plan); break;
    case FORMAT_NONE: give_up(OUTCOME_UNKNOWN);
    }
    image = turn(image, plan.orientation);
    simplify(&image);
    if (image.channels == 4) write_png(&image);
    write_jpeg(&image, &profile);
}
