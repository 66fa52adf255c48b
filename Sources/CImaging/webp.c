#include <stdlib.h>
#include <webp/decode.h>
#include <webp/demux.h>

#include "picture.h"

// 4 bytes for each.
static const uint64_t MAX_PIXELS_IN_MEMORY = 16000000;

static _Noreturn void fail(VP8StatusCode code) { give_up(code == VP8_STATUS_OUT_OF_MEMORY ? OUTCOME_TOO_LARGE : OUTCOME_UNKNOWN); }

static int orientation(const WebPDemuxer *demuxer) {
    WebPChunkIterator chunk;
    if (!WebPDemuxGetChunk(demuxer, "EXIF", 1, &chunk)) return 1;
    const uint8_t *bytes = chunk.chunk.bytes;
    size_t size = chunk.chunk.size;
    // Some programs copy the marker of a JPEG with it.
    if (size > 6 && bytes[0] == 'E' && bytes[1] == 'x') bytes += 6, size -= 6;
    int value = exif_orientation(bytes, size);
    WebPDemuxReleaseChunkIterator(&chunk);
    return value;
}

// The decoder scales while it decodes, so that not even a row of the picture is kept.
static struct image decode_scaled(WebPData data, const struct plan *plan) {
    struct image image = { plan->result_width, plan->result_height, 4, NULL };
    image.samples = allocate((size_t)image.width * (size_t)image.height, 4);
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config)) give_up(OUTCOME_UNKNOWN);
    config.options.use_cropping = 1;
    // It takes only even ones.
    config.options.crop_left = (int)plan->left & ~1;
    config.options.crop_top = (int)plan->top & ~1;
    config.options.crop_width = (int)plan->width;
    config.options.crop_height = (int)plan->height;
    config.options.use_scaling = 1;
    config.options.scaled_width = image.width;
    config.options.scaled_height = image.height;
    config.output.colorspace = MODE_RGBA;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = image.samples;
    config.output.u.RGBA.stride = image.width * 4;
    config.output.u.RGBA.size = (size_t)image.width * (size_t)image.height * 4;
    VP8StatusCode code = WebPDecode(data.bytes, data.size, &config);
    if (code != VP8_STATUS_OK) fail(code);
    return image;
}

// A frame that covers only a part of the screen, at its place.
static struct image place(const WebPIterator *frame, const struct plan *plan) {
    if ((uint64_t)frame->width * (uint64_t)frame->height > MAX_PIXELS_IN_MEMORY) give_up(OUTCOME_TOO_LARGE);
    int width, height;
    uint8_t *samples = WebPDecodeRGBA(frame->fragment.bytes, frame->fragment.size, &width, &height);
    if (!samples) give_up(OUTCOME_UNKNOWN);
    struct scaler *scaler = scaler_begin(plan, plan->picture_width, plan->picture_height, 4, true);
    for (int y = 0; y < height; y++) {
        scaler_add(scaler, frame->y_offset + y, frame->x_offset, 1, width, samples + 4 * (size_t)width * (size_t)y);
    }
    WebPFree(samples);
    return scaler_finish(scaler);
}

struct image read_webp(struct source source, const struct wish *wish, struct plan *plan) {
    WebPData data = { source.bytes, source.size };
    WebPDemuxer *demuxer = WebPDemux(&data);
    if (!demuxer) give_up(OUTCOME_UNKNOWN);
    int width = (int)WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_WIDTH), height = (int)WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_HEIGHT);
    bool is_animated = WebPDemuxGetI(demuxer, WEBP_FF_FRAME_COUNT) > 1;
    *plan = make_plan(width, height, orientation(demuxer), is_animated, FORMAT_WEBP, wish);
    WebPIterator frame;
    if (!WebPDemuxGetFrame(demuxer, 1, &frame)) give_up(OUTCOME_UNKNOWN);
    bool covers_all = frame.x_offset == 0 && frame.y_offset == 0 && frame.width == width && frame.height == height;
    return covers_all ? decode_scaled(frame.fragment, plan) : place(&frame, plan);
}
