// What the files of this target share. Nothing here returns an error: the process ends with it.
#ifndef LANDLINE_PICTURE_H
#define LANDLINE_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum outcome { OUTCOME_THUMBNAIL = 'T', OUTCOME_ORIGINAL = 'O', OUTCOME_UNKNOWN = 'U', OUTCOME_TOO_LARGE = 'L' };
enum format { FORMAT_NONE = '-', FORMAT_JPEG = 'j', FORMAT_PNG = 'p', FORMAT_GIF = 'g', FORMAT_WEBP = 'w' };

// Of a picture's side, and of all of it.
enum { MAX_SIDE = 65535 };
static const uint64_t MAX_PIXELS = 200000000;
// Of a still picture that is given as it is: few pixels may stand in a large file.
static const size_t MAX_ORIGINAL_BYTES = 256 << 10;
// What the JPEG library may have for a progressive picture: 2 bytes for each sample, so 16 to 32 megapixels.
static const long MAX_JPEG_BYTES = 96L << 20;

struct source {
    const uint8_t *bytes;
    size_t size;
};

struct wish {
    int width, height;
    bool crops, takes_animation;
    // Whether the file is small enough to be its own thumbnail.
    bool takes_original;
};

// Where a picture's pixels go. The part that is shown is given in the picture's own pixels, before it is turned.
struct plan {
    int picture_width, picture_height;
    double left, top, width, height;
    int result_width, result_height;
    int orientation;
};

// 8 bits per sample, 3 (RGB) or 4 (RGBA, not multiplied) samples per pixel.
struct image {
    int width, height, channels;
    uint8_t *samples;
};

_Noreturn void finish(enum outcome outcome, enum format format, const uint8_t *bytes, size_t count);
_Noreturn void give_up(enum outcome outcome);
void *allocate(size_t count, size_t size);

// Checks the size; ends with OUTCOME_ORIGINAL where the picture fits the wish and may be given as it is.
struct plan make_plan(int64_t width, int64_t height, int orientation, bool is_animated, enum format format, const struct wish *wish);

// Averages the pixels that fall into each pixel of the result. They may come in any order.
struct scaler;
// width, height: of what will be given, which may be the picture at a smaller scale. in_order: whether rows come from top to bottom, once each.
struct scaler *scaler_begin(const struct plan *plan, int width, int height, int channels, bool in_order);
// Pixels of row y, the first at x = start, the others `step` apart.
void scaler_add(struct scaler *scaler, int y, int start, int step, int count, const uint8_t *samples);
struct image scaler_finish(struct scaler *scaler);

// The orientation (1 to 8) that EXIF data (a TIFF header and its first directory) gives; 1 where it gives none.
int exif_orientation(const uint8_t *bytes, size_t size);

struct colour_profile {
    uint8_t *bytes;
    unsigned size;
};

struct image read_jpeg(struct source source, const struct wish *wish, struct plan *plan, struct colour_profile *profile);
struct image read_png(struct source source, const struct wish *wish, struct plan *plan);
struct image read_gif(struct source source, const struct wish *wish, struct plan *plan);
struct image read_webp(struct source source, const struct wish *wish, struct plan *plan);

// End the process with the result.
_Noreturn void write_jpeg(const struct image *image, const struct colour_profile *profile);
_Noreturn void write_png(const struct image *image);

#endif
