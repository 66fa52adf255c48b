#include <gif_lib.h>
#include <stdlib.h>
#include <string.h>

#include "picture.h"

struct reader {
    struct source source;
    size_t offset;
};

static int take(GifFileType *gif, GifByteType *bytes, int count) {
    struct reader *reader = gif->UserData;
    size_t left = reader->source.size - reader->offset;
    if (count < 0) return 0;
    if ((size_t)count > left) count = (int)left;
    memcpy(bytes, reader->source.bytes + reader->offset, (size_t)count);
    reader->offset += (size_t)count;
    return count;
}

static _Noreturn void fail(int code) { give_up(code == D_GIF_ERR_NOT_ENOUGH_MEM ? OUTCOME_TOO_LARGE : OUTCOME_UNKNOWN); }

static GifFileType *open_gif(struct reader *reader) {
    int error = 0;
    GifFileType *gif = DGifOpen(reader, take, &error);
    if (!gif) fail(error);
    return gif;
}

// Goes to the next frame. transparent: its colour that cannot be seen, or NO_TRANSPARENT_COLOR.
static bool next_frame(GifFileType *gif, int *transparent) {
    *transparent = NO_TRANSPARENT_COLOR;
    for (;;) {
        GifRecordType type;
        if (DGifGetRecordType(gif, &type) == GIF_ERROR) return false;
        if (type == TERMINATE_RECORD_TYPE) return false;
        if (type == IMAGE_DESC_RECORD_TYPE) return DGifGetImageDesc(gif) != GIF_ERROR;
        if (type != EXTENSION_RECORD_TYPE) continue;
        int code;
        GifByteType *block;
        if (DGifGetExtension(gif, &code, &block) == GIF_ERROR) return false;
        while (block) {
            GraphicsControlBlock control;
            if (code == GRAPHICS_EXT_FUNC_CODE && DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK) {
                *transparent = control.TransparentColor;
            }
            if (DGifGetExtensionNext(gif, &block) == GIF_ERROR) return false;
        }
    }
}

static bool is_animation(struct source source) {
    struct reader reader = { source, 0 };
    GifFileType *gif = open_gif(&reader);
    int transparent, size, error;
    GifByteType *block;
    bool is_animated = false;
    if (next_frame(gif, &transparent) && DGifGetCode(gif, &size, &block) != GIF_ERROR) {
        while (block && DGifGetCodeNext(gif, &block) != GIF_ERROR) {}
        is_animated = !block && next_frame(gif, &transparent);
    }
    DGifCloseFile(gif, &error);
    return is_animated;
}

static void add_row(struct scaler *scaler, const GifFileType *gif, int y, const GifPixelType *colours, int transparent, uint8_t *samples) {
    const ColorMapObject *map = gif->Image.ColorMap ? gif->Image.ColorMap : gif->SColorMap;
    for (int x = 0; x < gif->Image.Width; x++) {
        int colour = colours[x];
        uint8_t *sample = samples + 4 * (size_t)x;
        if (colour == transparent || !map || colour >= map->ColorCount) {
            memset(sample, 0, 4);
        } else {
            GifColorType value = map->Colors[colour];
            sample[0] = value.Red, sample[1] = value.Green, sample[2] = value.Blue, sample[3] = 255;
        }
    }
    scaler_add(scaler, gif->Image.Top + y, gif->Image.Left, 1, gif->Image.Width, samples);
}

// The first frame, at its place on the screen that all frames share.
struct image read_gif(struct source source, const struct wish *wish, struct plan *plan) {
    struct reader reader = { source, 0 };
    GifFileType *gif = open_gif(&reader);
    int transparent;
    if (!next_frame(gif, &transparent)) fail(gif->Error);
    // Browsers forgive a screen that is smaller than its first picture, and show all of that.
    int right = gif->Image.Left + gif->Image.Width, bottom = gif->Image.Top + gif->Image.Height;
    if (gif->SWidth < right) gif->SWidth = right;
    if (gif->SHeight < bottom) gif->SHeight = bottom;
    if (gif->Image.Width < 1 || gif->Image.Height < 1) give_up(OUTCOME_UNKNOWN);
    if ((uint64_t)gif->Image.Width * (uint64_t)gif->Image.Height > MAX_PIXELS) give_up(OUTCOME_TOO_LARGE);
    bool is_small = gif->SWidth <= wish->width && gif->SHeight <= wish->height;
    *plan = make_plan(gif->SWidth, gif->SHeight, 1, is_small && is_animation(source), FORMAT_GIF, wish);

    struct scaler *scaler = scaler_begin(plan, gif->SWidth, gif->SHeight, 4, !gif->Image.Interlace);
    GifPixelType *colours = allocate((size_t)gif->Image.Width, 1);
    uint8_t *samples = allocate((size_t)gif->Image.Width, 4);
    static const int starts[] = { 0, 4, 2, 1 }, steps[] = { 8, 8, 4, 2 };
    for (int pass = 0; pass < (gif->Image.Interlace ? 4 : 1); pass++) {
        int step = gif->Image.Interlace ? steps[pass] : 1;
        for (int y = starts[pass]; y < gif->Image.Height; y += step) {
            if (DGifGetLine(gif, colours, gif->Image.Width) == GIF_ERROR) fail(gif->Error);
            add_row(scaler, gif, y, colours, transparent, samples);
        }
    }
    return scaler_finish(scaler);
}
