#include "plots/font.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"

/* Advances of U+0020 … U+007E in thousandths of the font size. */
static const short plain[95] = {318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361,  318, 337, 636, 636, 636,
                                636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632,
                                575, 775, 752, 295, 295, 656, 557, 863, 748, 787, 603, 787, 695, 635,  611, 732, 684, 989, 685,
                                611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635, 615, 352,  635, 634, 278, 278, 579,
                                278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592,  525, 636, 337, 636, 838};
static const short heavy[95] = {348, 456,  521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415,  380, 365, 696, 696,  696,
                                696, 696,  696, 696, 696, 696,  696, 400, 400, 838, 838, 838, 580, 1000, 774, 762, 734, 830,  683,
                                683, 821,  837, 372, 372, 775,  637, 995, 837, 850, 733, 850, 770, 720,  682, 812, 774, 1103, 771,
                                724, 725,  457, 365, 457, 838,  500, 500, 675, 716, 593, 716, 678, 435,  716, 712, 343, 343,  665,
                                343, 1042, 712, 687, 716, 716,  493, 595, 478, 712, 652, 924, 645, 652,  582, 712, 365, 712,  838};

static int advance(uint32_t code_point, bool bold) {
    if (code_point >= 0x20 && code_point <= 0x7e) return (bold ? heavy : plain)[code_point - 0x20];
    if (code_point < 0x20 || (code_point >= 0x300 && code_point < 0x370)) return 0; /* controls, combining marks */
    if (code_point == 0xb7) return bold ? 380 : 318;
    if (code_point == 0x2013) return 500;
    if (code_point < 0x250) return bold ? 700 : 630;  /* Latin with accents */
    if (code_point < 0x1100) return bold ? 760 : 690; /* Greek, Cyrillic, … */
    return 1000;                                      /* symbols, dashes, CJK, emoji */
}

double text_px(const char *text, double font_px, bool bold) {
    struct slice rest = slice_of(text);
    double thousandths = 0;
    uint32_t code_point;
    for (size_t used; (used = utf8_decode(rest, &code_point)) > 0; rest = (struct slice){rest.data + used, rest.len - used})
        thousandths += advance(code_point, bold);
    return thousandths * font_px / 1000;
}

/* Bytes of the longest beginning that is at most max_px wide. */
static size_t fitting(const char *text, double font_px, bool bold, double max_px) {
    struct slice rest = slice_of(text);
    uint32_t code_point;
    double width = 0;
    for (size_t used; (used = utf8_decode(rest, &code_point)) > 0; rest = (struct slice){rest.data + used, rest.len - used}) {
        width += advance(code_point, bold) * font_px / 1000;
        if (width > max_px) break;
    }
    return (size_t)(rest.data - text);
}

char *text_fitted(const char *text, double font_px, bool bold, double max_px) {
    if (text_px(text, font_px, bold) <= max_px) return xstrdup(text);
    size_t len = fitting(text, font_px, bold, max_px - font_px);
    while (len > 0 && text[len - 1] == ' ') len--;
    struct buf out = BUF_INIT;
    buf_add(&out, text, len);
    buf_adds(&out, "…");
    return buf_take(&out);
}

/* Where the first line of text ends: at the last space that fits, else in the word. */
static size_t line_end(const char *text, double font_px, bool bold, double max_px) {
    size_t len = fitting(text, font_px, bold, max_px);
    if (text[len] == '\0') return len;
    for (size_t at = len; at > 0; at--)
        if (text[at] == ' ') return at;
    return len > 0 ? len : utf8_offset(slice_of(text), 1);
}

char **text_wrapped(const char *text, double font_px, bool bold, double max_px, size_t max_lines, size_t *out_n) {
    char **lines = xnew_array(char *, max_lines);
    size_t n = 0;
    while (*text && n < max_lines) {
        if (n + 1 == max_lines) {
            lines[n++] = text_fitted(text, font_px, bold, max_px);
            break;
        }
        size_t len = line_end(text, font_px, bold, max_px);
        lines[n++] = xstrndup(text, len);
        for (text += len; *text == ' ';) text++;
    }
    *out_n = n;
    return lines;
}
