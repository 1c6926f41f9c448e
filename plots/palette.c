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

/* Nine steps of viridis as it is (van der Walt and Smith 2015), between which colours are mixed. */
static const uint32_t viridis[] = {0x440154, 0x472D7B, 0x3B528B, 0x2C728E, 0x21918C, 0x28AE80, 0x5EC962, 0xADDC30, 0xFDE725};
#define VIRIDIS_LAST (sizeof viridis / sizeof *viridis - 1)

uint32_t palette_heat(double share) {
    const double at = share <= 0 ? 0 : share >= 1 ? (double)VIRIDIS_LAST : share * (double)VIRIDIS_LAST;
    const size_t below = at >= (double)VIRIDIS_LAST ? VIRIDIS_LAST - 1 : (size_t)at;
    const double part = at - (double)below;
    uint32_t mixed = 0;
    for (int shift = 16; shift >= 0; shift -= 8) {
        const double a = viridis[below] >> shift & 0xff, b = viridis[below + 1] >> shift & 0xff;
        mixed |= (uint32_t)(a + part * (b - a) + 0.5) << shift;
    }
    return mixed;
}

/* By ITU-R BT.601's luma. */
bool palette_is_dark(uint32_t rgb) { return 0.299 * (rgb >> 16 & 0xff) + 0.587 * (rgb >> 8 & 0xff) + 0.114 * (rgb & 0xff) < 140; }
