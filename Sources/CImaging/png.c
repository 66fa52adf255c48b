#include <png.h>
#include <stdlib.h>
#include <string.h>

#include "picture.h"

// Of one chunk of text, a colour profile or the like, which is of no use here.
enum { MAX_CHUNK_BYTES = 4 << 20, MAX_CHUNKS = 1000 };

struct reader {
    struct source source;
    size_t offset;
};

static void fail(png_structp png, png_const_charp message) {
    (void)png;
    // The library's own word for it is all that tells the two apart.
    give_up(strstr(message, "memory") || strstr(message, "limit") ? OUTCOME_TOO_LARGE : OUTCOME_UNKNOWN);
}

static void ignore(png_structp png, png_const_charp message) {
    (void)png;
    (void)message;
}

static void take(png_structp png, png_bytep bytes, size_t count) {
    struct reader *reader = png_get_io_ptr(png);
    if (reader->source.size - reader->offset < count) png_error(png, "the picture ends too early");
    memcpy(bytes, reader->source.bytes + reader->offset, count);
    reader->offset += count;
}

static uint32_t number(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

// An animation announces itself before the first pixels (PNG specification, third edition, acTL).
static bool is_animation(struct source source) {
    for (size_t offset = 8; source.size - offset >= 12;) {
        const uint8_t *chunk = source.bytes + offset;
        size_t length = number(chunk);
        if (length > source.size - offset - 12 || memcmp(chunk + 4, "IDAT", 4) == 0) return false;
        if (memcmp(chunk + 4, "acTL", 4) == 0) return length >= 4 && number(chunk + 8) > 1;
        offset += 12 + length;
    }
    return false;
}

struct image read_png(struct source source, const struct wish *wish, struct plan *plan) {
    struct reader reader = { source, 0 };
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, fail, ignore);
    if (!png) give_up(OUTCOME_TOO_LARGE);
    png_infop info = png_create_info_struct(png);
    if (!info) give_up(OUTCOME_TOO_LARGE);
    png_set_read_fn(png, &reader, take);
    png_set_user_limits(png, 0x7FFFFFFF, 0x7FFFFFFF);
    png_set_chunk_malloc_max(png, MAX_CHUNK_BYTES);
    png_set_chunk_cache_max(png, MAX_CHUNKS);
    png_read_info(png, info);
    int width = (int)png_get_image_width(png, info), height = (int)png_get_image_height(png, info);
    png_uint_32 exif_size = 0;
    png_bytep exif = NULL;
    int orientation = png_get_eXIf_1(png, info, &exif_size, &exif) ? exif_orientation(exif, exif_size) : 1;
    *plan = make_plan(width, height, orientation, is_animation(source), FORMAT_PNG, wish);

    bool has_alpha = png_get_color_type(png, info) & PNG_COLOR_MASK_ALPHA || png_get_valid(png, info, PNG_INFO_tRNS);
    png_set_expand(png);
    png_set_scale_16(png);
    png_set_gray_to_rgb(png);
    int channels = has_alpha ? 4 : 3;
    // Of an interlaced picture each pass is read by itself, since pixels may come in any order: that needs no memory for all of it.
    bool is_interlaced = png_get_interlace_type(png, info) != PNG_INTERLACE_NONE;
    png_start_read_image(png);
    if (png_get_rowbytes(png, info) == 0) give_up(OUTCOME_UNKNOWN);
    png_bytep row = allocate((size_t)width, 8);
    struct scaler *scaler = scaler_begin(plan, width, height, channels, !is_interlaced);
    for (int pass = 0; pass < (is_interlaced ? PNG_INTERLACE_ADAM7_PASSES : 1); pass++) {
        int start = is_interlaced ? (int)PNG_PASS_START_COL(pass) : 0, step = is_interlaced ? (int)PNG_PASS_COL_OFFSET(pass) : 1;
        int first_row = is_interlaced ? (int)PNG_PASS_START_ROW(pass) : 0, row_step = is_interlaced ? (int)PNG_PASS_ROW_OFFSET(pass) : 1;
        if (start >= width) continue;
        for (int y = first_row; y < height; y += row_step) {
            png_read_row(png, row, NULL);
            scaler_add(scaler, y, start, step, (width - start + step - 1) / step, row);
        }
    }
    free(row);
    struct image image = scaler_finish(scaler);
    png_destroy_read_struct(&png, &info, NULL);
    return image;
}

struct collected {
    uint8_t *bytes;
    size_t count, capacity;
};

static void collect(png_structp png, png_bytep bytes, size_t count) {
    struct collected *collected = png_get_io_ptr(png);
    if (collected->capacity - collected->count < count) {
        size_t capacity = (collected->capacity + count) * 2;
        uint8_t *larger = realloc(collected->bytes, capacity);
        if (!larger) give_up(OUTCOME_TOO_LARGE);
        collected->bytes = larger;
        collected->capacity = capacity;
    }
    memcpy(collected->bytes + collected->count, bytes, count);
    collected->count += count;
}

static void flush(png_structp png) { (void)png; }

void write_png(const struct image *image) {
    struct collected collected = { 0 };
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, fail, ignore);
    if (!png) give_up(OUTCOME_TOO_LARGE);
    png_infop info = png_create_info_struct(png);
    if (!info) give_up(OUTCOME_TOO_LARGE);
    png_set_write_fn(png, &collected, collect, flush);
    png_set_IHDR(
        png, info, (png_uint_32)image->width, (png_uint_32)image->height, 8, image->channels == 4 ? PNG_COLOR_TYPE_RGBA : PNG_COLOR_TYPE_RGB,
        PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (int y = 0; y < image->height; y++) {
        png_write_row(png, image->samples + (size_t)y * (size_t)image->width * (size_t)image->channels);
    }
    png_write_end(png, NULL);
    finish(OUTCOME_THUMBNAIL, FORMAT_PNG, collected.bytes, collected.count);
}
