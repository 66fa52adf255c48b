#include <math.h>

#include "picture.h"

static int at_least_one(double value) { return value < 1 ? 1 : (int)value; }

struct plan make_plan(int64_t width, int64_t height, int orientation, bool is_animated, enum format format, const struct wish *wish) {
    if (width < 1 || height < 1) give_up(OUTCOME_UNKNOWN);
    if (width > MAX_SIDE || height > MAX_SIDE || (uint64_t)width * (uint64_t)height > MAX_PIXELS) give_up(OUTCOME_TOO_LARGE);
    bool is_on_its_side = orientation >= 5;
    int wanted_width = is_on_its_side ? wish->height : wish->width;
    int wanted_height = is_on_its_side ? wish->width : wish->height;
    if (width <= wanted_width && height <= wanted_height && (is_animated ? wish->takes_animation : wish->takes_original)) {
        finish(OUTCOME_ORIGINAL, format, NULL, 0);
    }

    struct plan plan = {
        .picture_width = (int)width, .picture_height = (int)height, .width = (double)width, .height = (double)height, .orientation = orientation,
    };
    if (wish->crops) {
        // The largest part in the middle that has the wanted shape.
        if (width * wanted_height >= height * wanted_width) {
            plan.width = at_least_one(round((double)height * wanted_width / wanted_height));
        } else {
            plan.height = at_least_one(round((double)width * wanted_height / wanted_width));
        }
        if (plan.width > (double)width) plan.width = (double)width;
        if (plan.height > (double)height) plan.height = (double)height;
        plan.left = floor(((double)width - plan.width) / 2);
        plan.top = floor(((double)height - plan.height) / 2);
        plan.result_width = plan.width < wanted_width ? (int)plan.width : wanted_width;
        plan.result_height = plan.height < wanted_height ? (int)plan.height : wanted_height;
    } else {
        double scale = fmin(1, fmin((double)wanted_width / (double)width, (double)wanted_height / (double)height));
        plan.result_width = at_least_one(round((double)width * scale));
        plan.result_height = at_least_one(round((double)height * scale));
    }
    return plan;
}
