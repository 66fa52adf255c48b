#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// After stdio.h, which it needs.
#include <jpeglib.h>
#include <jerror.h>

#include "picture.h"

enum {
    QUALITY = 80,
    // A progressive picture is decoded once for each scan; honest ones have about ten.
    MAX_SCANS = 100,
    // Keeps the colours of cameras with a wide range; the usual profile says nothing new and is larger.
    MAX_PROFILE_BYTES = 1024,
    EXIF_MARKER = JPEG_APP0 + 1,
};

static void fail(j_common_ptr info) {
    switch (info->err->msg_code) {
    case JERR_OUT_OF_MEMORY:
    case JERR_NO_BACKING_STORE:
    case JERR_IMAGE_TOO_BIG:
    case JERR_WIDTH_OVERFLOW: give_up(OUTCOME_TOO_LARGE);
    default: give_up(OUTCOME_UNKNOWN);
    }
}

static void say_nothing(j_common_ptr info) { (void)info; }

static void note(j_common_ptr info, int level) {
    if (level < 0) info->err->num_warnings++;
}

static void watch(j_common_ptr info) {
    if (info->is_decompressor && ((j_decompress_ptr)info)->input_scan_number > MAX_SCANS) give_up(OUTCOME_TOO_LARGE);
}

static struct jpeg_error_mgr *errors(struct jpeg_error_mgr *manager) {
    jpeg_std_error(manager);
    manager->error_exit = fail;
    manager->output_message = say_nothing;
    manager->emit_message = note;
    return manager;
}

static int orientation(j_decompress_ptr info) {
    for (jpeg_saved_marker_ptr marker = info->marker_list; marker; marker = marker->next) {
        if (marker->marker == EXIF_MARKER && marker->data_length > 6 && memcmp(marker->data, "Exif\0\0", 6) == 0) {
            return exif_orientation(marker->data + 6, marker->data_length - 6);
        }
    }
    return 1;
}

// The smallest of the scales that the library is fast at, so that still no pixel has to be enlarged.
static int eighths(const struct plan *plan) {
    for (int scale = 1; scale < 8; scale *= 2) {
        if (plan->width * scale >= plan->result_width * 8.0 && plan->height * scale >= plan->result_height * 8.0) return scale;
    }
    return 8;
}

// In place, 4 samples to 3. Programs of one maker store the ink that is left out, and say so with a marker.
static void ink_to_light(uint8_t *samples, int count, bool is_inverted) {
    uint8_t *result = samples;
    for (; count > 0; count--, samples += 4, result += 3) {
        unsigned black = is_inverted ? samples[3] : 255 - samples[3];
        for (int channel = 0; channel < 3; channel++) {
            unsigned light = is_inverted ? samples[channel] : 255 - samples[channel];
            result[channel] = (uint8_t)((light * black + 127) / 255);
        }
    }
}

struct image read_jpeg(struct source source, const struct wish *wish, struct plan *plan, struct colour_profile *profile) {
    struct jpeg_decompress_struct info;
    struct jpeg_error_mgr manager;
    struct jpeg_progress_mgr progress = { .progress_monitor = watch };
    info.err = errors(&manager);
    jpeg_create_decompress(&info);
    info.mem->max_memory_to_use = MAX_JPEG_BYTES;
    info.progress = &progress;
    jpeg_mem_src(&info, source.bytes, source.size);
    jpeg_save_markers(&info, EXIF_MARKER, 0xFFFF);
    jpeg_save_markers(&info, JPEG_APP0 + 2, 0xFFFF);
    jpeg_read_header(&info, TRUE);
    *plan = make_plan(info.image_width, info.image_height, orientation(&info), false, FORMAT_JPEG, wish);

    bool has_ink = info.num_components == 4;
    if (!has_ink) {
        JOCTET *bytes;
        unsigned size;
        if (jpeg_read_icc_profile(&info, &bytes, &size) && size <= MAX_PROFILE_BYTES) *profile = (struct colour_profile) { bytes, size };
    }
    info.out_color_space = has_ink ? JCS_CMYK : JCS_RGB;
    info.scale_num = (unsigned)eighths(plan);
    info.scale_denom = 8;
    info.dct_method = JDCT_ISLOW;
    jpeg_start_decompress(&info);
    int width = (int)info.output_width;
    struct scaler *scaler = scaler_begin(plan, width, (int)info.output_height, 3, true);
    uint8_t *row = allocate((size_t)width, 4);
    while (info.output_scanline < info.output_height) {
        int y = (int)info.output_scanline;
        jpeg_read_scanlines(&info, &row, 1);
        if (has_ink) ink_to_light(row, width, info.saw_Adobe_marker);
        scaler_add(scaler, y, 0, 1, width, row);
    }
    free(row);
    struct image image = scaler_finish(scaler);
    jpeg_destroy_decompress(&info);
    return image;
}

void write_jpeg(const struct image *image, const struct colour_profile *profile) {
    struct jpeg_compress_struct info;
    struct jpeg_error_mgr manager;
    uint8_t *bytes = NULL;
    unsigned long count = 0;
    info.err = errors(&manager);
    jpeg_create_compress(&info);
    jpeg_mem_dest(&info, &bytes, &count);
    info.image_width = (unsigned)image->width;
    info.image_height = (unsigned)image->height;
    info.input_components = 3;
    info.in_color_space = JCS_RGB;
    jpeg_set_defaults(&info);
    jpeg_set_quality(&info, QUALITY, TRUE);
    info.optimize_coding = TRUE;
    jpeg_start_compress(&info, TRUE);
    if (profile->bytes) jpeg_write_icc_profile(&info, profile->bytes, profile->size);
    while (info.next_scanline < info.image_height) {
        uint8_t *row = image->samples + (size_t)info.next_scanline * (size_t)image->width * 3;
        jpeg_write_scanlines(&info, &row, 1);
    }
    jpeg_finish_compress(&info);
    finish(OUTCOME_THUMBNAIL, FORMAT_JPEG, bytes, count);
}
