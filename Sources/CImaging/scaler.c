#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "picture.h"

// Of one row or column of the picture: the pixel of the result where it begins, and how much of it lies there and in the next one.
struct share {
    int index;
    float here, next;
};

struct axis {
    struct share *shares;
    // For each pixel of the result.
    float *totals;
};

struct scaler {
    int width, height, channels;
    bool in_order;
    struct axis columns, rows;
    float *row;
    // Sums of each row of the result, made when it is reached, and given back when it is finished.
    float **sums;
    float *spare;
    int finished;
    struct image result;
};

static struct axis make_axis(int count, double start, double length, int result_count) {
    struct axis axis = { allocate((size_t)count, sizeof(struct share)), allocate((size_t)result_count, sizeof(float)) };
    double scale = result_count / length;
    for (int position = 0; position < count; position++) {
        struct share *share = &axis.shares[position];
        double from = fmax(0, (position - start) * scale), to = fmin(result_count, (position + 1 - start) * scale);
        share->index = -1;
        if (to <= from) continue;
        int index = (int)from;
        if (index >= result_count) continue;
        share->index = index;
        share->here = (float)(fmin(to, index + 1) - from);
        axis.totals[index] += share->here;
        if (to > index + 1 && index + 1 < result_count) {
            share->next = (float)(to - (index + 1));
            axis.totals[index + 1] += share->next;
        }
    }
    return axis;
}

struct scaler *scaler_begin(const struct plan *plan, int width, int height, int channels, bool in_order) {
    struct scaler *scaler = allocate(1, sizeof *scaler);
    double across = (double)width / plan->picture_width, down = (double)height / plan->picture_height;
    scaler->width = width;
    scaler->height = height;
    scaler->channels = channels;
    scaler->in_order = in_order;
    scaler->columns = make_axis(width, plan->left * across, plan->width * across, plan->result_width);
    scaler->rows = make_axis(height, plan->top * down, plan->height * down, plan->result_height);
    scaler->row = allocate((size_t)(plan->result_width + 1) * (size_t)channels, sizeof(float));
    scaler->sums = allocate((size_t)plan->result_height, sizeof(float *));
    scaler->result = (struct image) { plan->result_width, plan->result_height, channels, NULL };
    scaler->result.samples = allocate((size_t)plan->result_width * (size_t)plan->result_height, (size_t)channels);
    return scaler;
}

static uint8_t sample(float value) { return value <= 0 ? 0 : value >= 255 ? 255 : (uint8_t)(value + 0.5f); }

static void finish_row(struct scaler *scaler, int y) {
    float *sums = scaler->sums[y];
    // A row that nothing fell into is black, or transparent.
    if (!sums) return;
    int channels = scaler->channels;
    uint8_t *result = scaler->result.samples + (size_t)y * (size_t)scaler->result.width * (size_t)channels;
    for (int x = 0; x < scaler->result.width; x++) {
        float total = scaler->columns.totals[x] * scaler->rows.totals[y];
        float part = total > 0 ? 1 / total : 0;
        if (channels == 4) {
            float alpha = sums[3];
            float colour = alpha > 0 ? 255 / alpha : 0;
            for (int channel = 0; channel < 3; channel++) result[channel] = sample(sums[channel] * colour);
            result[3] = sample(alpha * part);
        } else {
            for (int channel = 0; channel < 3; channel++) result[channel] = sample(sums[channel] * part);
        }
        result += channels;
        sums += channels;
    }
    free(scaler->spare);
    scaler->spare = scaler->sums[y];
    scaler->sums[y] = NULL;
}

static float *sums_of(struct scaler *scaler, int y) {
    if (!scaler->sums[y]) {
        size_t count = (size_t)scaler->result.width * (size_t)scaler->channels;
        if (scaler->spare) {
            scaler->sums[y] = scaler->spare;
            scaler->spare = NULL;
            memset(scaler->sums[y], 0, count * sizeof(float));
        } else {
            scaler->sums[y] = allocate(count, sizeof(float));
        }
    }
    return scaler->sums[y];
}

static void add_row(struct scaler *scaler, int y, float part) {
    float *restrict sums = sums_of(scaler, y);
    const float *restrict row = scaler->row;
    int count = scaler->result.width * scaler->channels;
    for (int index = 0; index < count; index++) sums[index] += row[index] * part;
}

void scaler_add(struct scaler *scaler, int y, int start, int step, int count, const uint8_t *samples) {
    if (y < 0 || y >= scaler->height) return;
    struct share down = scaler->rows.shares[y];
    if (down.index < 0) return;
    int channels = scaler->channels;
    memset(scaler->row, 0, (size_t)scaler->result.width * (size_t)channels * sizeof(float));
    for (int x = start; count > 0 && x < scaler->width; x += step, count--, samples += channels) {
        struct share across = scaler->columns.shares[x];
        if (across.index < 0) continue;
        float *sums = scaler->row + across.index * channels;
        if (channels == 4) {
            // Colours count as far as they can be seen.
            float alpha = samples[3];
            float colour = alpha * (1 / 255.0f);
            float values[4] = { samples[0] * colour, samples[1] * colour, samples[2] * colour, alpha };
            for (int channel = 0; channel < 4; channel++) {
                sums[channel] += values[channel] * across.here;
                sums[channel + 4] += values[channel] * across.next;
            }
        } else {
            for (int channel = 0; channel < 3; channel++) {
                sums[channel] += samples[channel] * across.here;
                sums[channel + 3] += samples[channel] * across.next;
            }
        }
    }
    add_row(scaler, down.index, down.here);
    if (down.next > 0) add_row(scaler, down.index + 1, down.next);
    while (scaler->in_order && scaler->finished < down.index) finish_row(scaler, scaler->finished++);
}

struct image scaler_finish(struct scaler *scaler) {
    for (int y = scaler->finished; y < scaler->result.height; y++) finish_row(scaler, y);
    return scaler->result;
}
