#include "plots/plot.h"

#include <stdlib.h>

/* Okabe and Ito's eight hues (2008), then Paul Tol's and two earths. `text`: the same hue, darkened until it has a contrast of at least 4 on white.
 */
static const struct {
    const char *hex, *text;
} palette[PALETTE_SIZE] = {
    {"#0072B2", "#0072B2"}, {"#E69F00", "#9A6A00"}, {"#D55E00", "#C25500"}, {"#882255", "#882255"}, {"#CC79A7", "#A8497E"}, {"#56B4E9", "#1F78AD"},
    {"#332288", "#332288"}, {"#009E73", "#007F5C"}, {"#999933", "#74741A"}, {"#44AA99", "#2B7F72"}, {"#8C6D46", "#7D5F3A"}, {"#5B5B5B", "#5B5B5B"},
};

/* Seven steps of viridis, dark to light, for ordered groups; the last is darkened to show on white. */
static const char *const ramp[PALETTE_RAMP_SIZE] = {"#440154", "#443A83", "#31688E", "#21908C", "#35B779", "#8FD744", "#E3C800"};
static const char *const ramp_text[PALETTE_RAMP_SIZE] = {"#440154", "#443A83", "#31688E", "#1B7A76", "#1E8553", "#55801F", "#857500"};

static bool on_ramp(int color) { return color >= PALETTE_RAMP && color < PALETTE_RAMP + PALETTE_RAMP_SIZE; }

static int wrap(int color) { return color % PALETTE_SIZE; }

const char *palette_hex(int color) { return color < 0 ? "#B4BAC2" : on_ramp(color) ? ramp[color - PALETTE_RAMP] : palette[wrap(color)].hex; }

const char *palette_text_hex(int color) {
    return color < 0 ? "#424A53" : on_ramp(color) ? ramp_text[color - PALETTE_RAMP] : palette[wrap(color)].text;
}

uint32_t palette_rgb(int color) { return (uint32_t)strtoul(palette_hex(color) + 1, NULL, 16); }
