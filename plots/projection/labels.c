#include <math.h>
#include <stdlib.h>

#include "plots/font.h"
#include "plots/layout.h"
#include "plots/projection/projection.h"
#include "runtime/base/mem.h"

/* Costs in pixels of distance: a label goes far rather than hide many dots. */
#define COST_DOT 2.0
#define COST_DOT_POINT 5.0
#define COST_DISTANCE 0.6
#define COST_CROSSING 60.0       /* a leader through another label */
#define COST_TOO_MUCH 110.0      /* better no label */
#define COST_TOO_MUCH_POINT 26.0 /* titles of points are many and small: only where there is room */
#define LEADER_PX 20.0
#define CELL 4.0 /* of the grid that counts dots */
#define TEXT_MAX_PX 210.0
#define USUAL_AREA (900.0 * 560.0)

/* Dots of the plot counted in a grid, as sums over all cells above and to the left. */
struct density {
    int columns, rows;
    int32_t *sums; /* (rows + 1) × (columns + 1) */
};

static int clamp_cell(double px, int n_cells) {
    int cell = (int)floor(px / CELL);
    return cell < 0 ? 0 : cell > n_cells ? n_cells : cell;
}

static void density_init(struct density *density, const struct plot *plot, const struct layout *layout) {
    density->columns = (int)(layout->width / CELL) + 1;
    density->rows = (int)(layout->height / CELL) + 1;
    int stride = density->columns + 1;
    density->sums = xnew_array(int32_t, (size_t)stride * (size_t)(density->rows + 1));
    for (size_t s = 0; s < plot->n_series; s++)
        for (int64_t i = 0; i < plot->series[s].n; i++) {
            double x = layout_x(layout, plot->series[s].x[i]), y = layout_y(layout, plot->series[s].y[i]);
            if (!(x >= 0 && x < layout->width && y >= 0 && y < layout->height)) continue;
            density->sums[((int)(y / CELL) + 1) * stride + (int)(x / CELL) + 1]++;
        }
    for (int r = 1; r <= density->rows; r++)
        for (int c = 1; c <= density->columns; c++)
            density->sums[r * stride + c] +=
                density->sums[(r - 1) * stride + c] + density->sums[r * stride + c - 1] - density->sums[(r - 1) * stride + c - 1];
}

static int dots_in(const struct density *density, const struct box *box) {
    int stride = density->columns + 1;
    int left = clamp_cell(box->left, density->columns), right = clamp_cell(box->right + CELL, density->columns);
    int top = clamp_cell(box->top, density->rows), bottom = clamp_cell(box->bottom + CELL, density->rows);
    const int32_t *sums = density->sums;
    return sums[bottom * stride + right] - sums[top * stride + right] - sums[bottom * stride + left] + sums[top * stride + left];
}

struct placing {
    struct plot *plot;
    struct layout layout;
    struct density density;
    struct box *boxes; /* of labels placed so far */
    size_t n_boxes;
};

static bool overlap(const struct box *a, const struct box *b) {
    return a->left < b->right && b->left < a->right && a->top < b->bottom && b->top < a->bottom;
}

static bool is_free(const struct placing *placing, const struct box *box) {
    const struct box *panel = &placing->layout.panel;
    if (box->left < panel->left || box->right > panel->right || box->top < panel->top || box->bottom > panel->bottom) return false;
    for (size_t b = 0; b < placing->n_boxes; b++)
        if (overlap(&placing->boxes[b], box)) return false;
    return true;
}

/* Does the way from the anchor to the label run through a label that is there? */
static bool crosses(const struct placing *placing, double x0, double y0, double x1, double y1) {
    for (size_t b = 0; b < placing->n_boxes; b++)
        for (int k = 1; k < 16; k++) {
            double x = x0 + (x1 - x0) * k / 16, y = y0 + (y1 - y0) * k / 16;
            const struct box *box = &placing->boxes[b];
            if (x > box->left && x < box->right && y > box->top && y < box->bottom) return true;
        }
    return false;
}

struct spot {
    double x, y, cost; /* the text's centre in pixels */
    bool leader;
};

static void consider(const struct placing *placing, double anchor_x, double anchor_y, double x, double y, double half_width, double half_height,
                     double cost_dot, struct spot *best) {
    struct box box = {x - half_width, y - half_height, x + half_width, y + half_height};
    if (!is_free(placing, &box)) return;
    /* From the anchor to the text's edge: what the eye has to bridge. */
    double dx = fmax(0, fabs(x - anchor_x) - half_width), dy = fmax(0, fabs(y - anchor_y) - half_height), distance = hypot(dx, dy);
    double cost = cost_dot * dots_in(&placing->density, &box) + COST_DISTANCE * distance;
    if (cost < best->cost && crosses(placing, anchor_x, anchor_y, x, y)) cost += COST_CROSSING;
    if (cost < best->cost) *best = (struct spot){x, y, cost, distance > LEADER_PX};
}

/* Centres on rings round the anchor; the rings are as wide as the text, so that its edge stays near. */
static void consider_rings(const struct placing *placing, const double *radii, size_t n_radii, double anchor_x, double anchor_y, double half_width,
                           double half_height, double cost_dot, struct spot *best) {
    for (size_t r = 0; r < n_radii; r++)
        for (int a = 0; a < 16; a++) {
            double angle = a * 0.39269908169872414;
            double x = anchor_x + cos(angle) * (radii[r] + half_width), y = anchor_y + sin(angle) * (radii[r] + half_height);
            consider(placing, anchor_x, anchor_y, x, y, half_width, half_height, cost_dot, best);
        }
}

static struct spot find_spot(const struct placing *placing, double anchor_x, double anchor_y, double half_width, double half_height, bool bold) {
    static const double far[] = {6, 24, 44, 66, 92, 130}, near[] = {5, 16, 30};
    struct spot best = {0, 0, bold ? COST_TOO_MUCH : COST_TOO_MUCH_POINT, false};
    if (bold) consider(placing, anchor_x, anchor_y, anchor_x, anchor_y, half_width, half_height, bold ? COST_DOT : COST_DOT_POINT, &best);
    if (bold)
        consider_rings(placing, far, sizeof far / sizeof *far, anchor_x, anchor_y, half_width, half_height, bold ? COST_DOT : COST_DOT_POINT, &best);
    else
        consider_rings(placing, near, sizeof near / sizeof *near, anchor_x, anchor_y, half_width, half_height, bold ? COST_DOT : COST_DOT_POINT,
                       &best);
    return best;
}

/* Puts one wish where it costs least; false when it fits nowhere. */
static bool place(struct placing *placing, const struct label_wish *wish) {
    struct layout *layout = &placing->layout;
    struct label label = {.x = wish->x, .y = wish->y, .anchor_x = wish->x, .anchor_y = wish->y, .color = wish->color, .bold = wish->bold};
    double font = label_font_px(&label), anchor_x = layout_x(layout, wish->x), anchor_y = layout_y(layout, wish->y);
    if (!isfinite(anchor_x) || !isfinite(anchor_y) || !wish->text || !*wish->text) return false;
    label.text = text_fitted(wish->text, font, wish->bold, TEXT_MAX_PX);
    struct box box = label_box(layout, &label);
    struct spot spot = find_spot(placing, anchor_x, anchor_y, (box.right - box.left) / 2, (box.bottom - box.top) / 2, wish->bold);
    if (spot.cost >= (wish->bold ? COST_TOO_MUCH : COST_TOO_MUCH_POINT)) {
        free(label.text);
        return false;
    }
    label.x = axis_value(&layout->x, spot.x, layout->panel.left, layout->panel.right);
    label.y = axis_value(&layout->y, spot.y, layout->panel.bottom, layout->panel.top);
    label.leader = spot.leader;
    placing->boxes[placing->n_boxes++] = label_box(layout, &label);
    plot_add_label(placing->plot, label);
    return true;
}

static int by_weight(const void *a, const void *b) {
    const struct label_wish *x = *(const struct label_wish *const *)a, *y = *(const struct label_wish *const *)b;
    if (x->weight != y->weight) return x->weight > y->weight ? -1 : 1;
    return x < y ? -1 : x > y;
}

/* max_labels are meant for a picture of the usual size. */
static size_t fitting_labels(const struct layout *layout, size_t max_labels) {
    const double share = fmin(1, layout->width * layout->height / USUAL_AREA);
    return (size_t)ceil(share * (double)max_labels);
}

void place_labels(struct plot *plot, const struct label_wish *wishes, size_t n_wishes, size_t max_labels) {
    struct placing placing = {.plot = plot, .boxes = xnew_array(struct box, n_wishes + plot->n_labels + 1)};
    plot_layout(plot, &placing.layout);
    density_init(&placing.density, plot, &placing.layout);
    for (size_t l = 0; l < plot->n_labels; l++) placing.boxes[placing.n_boxes++] = label_box(&placing.layout, &plot->labels[l]);
    const struct label_wish **order = xnew_array(const struct label_wish *, n_wishes + 1);
    for (size_t w = 0; w < n_wishes; w++) order[w] = &wishes[w];
    qsort(order, n_wishes, sizeof *order, by_weight);
    const size_t most = fitting_labels(&placing.layout, max_labels);
    for (size_t w = 0, placed = 0; w < n_wishes && placed < most; w++) placed += place(&placing, order[w]);
    free(order);
    free(placing.density.sums);
    free(placing.boxes);
    layout_release(&placing.layout);
}
