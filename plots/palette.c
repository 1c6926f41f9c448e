#include "plots/plot.h"

#include <stdlib.h>

/* Okabe and Ito's eight hues (2008), then Paul Tol's and two earths. `text`: the same hue, darkened until it has a contrast of at least 4 on white. */
static const struct {
    const char *hex, *text;
} palette[PALETTE_SIZE] = {
    {"#0072B2", "#0072B2"}, {"#E69F00", "#9A6A00"}, {"#D55E00", "#C25500"}, {"#882255", "#882255"}, {"#CC79A7", "#A8497E"}, {"#56B4E9", "#1F78AD"},
    {"#332288", "#332288"}, {"#009E73", "#007F5C"}, {"#999933", "#74741A"}, {"#44AA99", "#2B7F72"}, {"#8C6D46", "#7D5F3A"}, {"#5B5B5B", "#5B5B5B"},
};

static int wrap(int color) { return color % PALETTE_SIZE; }

const char *palette_hex(int color) { return color < 0 ? "#B4BAC2" : palette[wrap(color)].hex; }

const char *palette_text_hex(int color) { return color < 0 ? "#424A53" : palette[wrap(color)].text; }

uint32_t palette_rgb(int color) { return (uint32_t)strtoul(palette_hex(color) + 1, NULL, 16); }
