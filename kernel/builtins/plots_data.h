/* What plots are made of: numbers from columns, lists and Arrays; groups that
 * share a colour. Shared by the files of the group "See". */
#ifndef RECKON_PLOTS_DATA_H
#define RECKON_PLOTS_DATA_H

#include "kernel/builtins/builtins.h"

/* The session's plotter, started at its first picture. Borrowed. */
struct gnuplot *context_gnuplot(struct context *context);

/* The column that the parameter names; an error is about it. */
enum status named_column(const struct call *call, const char *parameter, const struct table *table, struct column **out,
                         struct error *err) MUST_CHECK;
bool column_is_numeric(const struct column *column);
/* A numeric column's values, NaN where null: owned array of n_rows. ERR_TYPE names the numeric columns. */
enum status column_numbers(const struct table *table, const struct column *column, double **out, struct error *err) MUST_CHECK;
/* Numbers of a list, tuple, range or Array (a vector or one row or column); None is NaN. ERR_TYPE says which item is no number. Owned. */
enum status value_numbers(struct value value, double **out, int64_t *out_n, struct error *err) MUST_CHECK;

void sort_numbers(double *values, int64_t n); /* ascending; no NaN */

/* Each row's group. */
struct groups {
    int64_t n;
    int32_t *of;    /* n; -1: other */
    char **names;   /* n_groups */
    int *colors;    /* n_groups */
    int64_t *sizes; /* n_groups */
    int32_t n_groups;
    int64_t n_other;
    bool chosen; /* rows had several values: each counts by its rarest */
};
/* The most frequent values of a column, at most `most`, in colours first_color …; numbers of many values become ranges on a ramp. */
void groups_of_column(const struct column *column, int64_t n_rows, int most, int first_color, struct groups *out);
/* The same of a list of values (their text). */
void groups_of_list(struct value list, int most, int first_color, struct groups *out);
/* One group of all, unnamed. */
void groups_of_all(int64_t n, int color, struct groups *out);
void groups_release(struct groups *groups);

/* Size factors 0.6 … 1.6 by the logarithm of counts; NULL when counts is. Owned. */
float *log_sizes(const double *counts, int64_t n);

/* Sets title, subtitle, width and height from a call's arguments of these names. */
void plot_common(const struct call *call, struct plot *plot);
/* "1,682" */
char *count_text(int64_t count);

/* A cloud's points. point_titles move into the plot. */
struct cloud {
    const double *x, *y;
    const float *sizes; /* or NULL */
    const struct groups *groups;
    enum plot_marker marker;
    char **titles;      /* n, or NULL; entries are taken */
    const char *prefix; /* before the groups' names, or NULL */
};
/* A series a group, largest first, then "other" in grey. */
void plot_add_cloud(struct plot *plot, const struct cloud *cloud);

/* Rows' functions. */
enum status bi_plot(const struct call *call, struct value *out, struct error *err);
enum status bi_curve(const struct call *call, struct value *out, struct error *err);
enum status bi_bars(const struct call *call, struct value *out, struct error *err);
enum status bi_heatmap(const struct call *call, struct value *out, struct error *err); /* plots_heat.c */
enum status bi_hist(const struct call *call, struct value *out, struct error *err);
enum status bi_scatter(const struct call *call, struct value *out, struct error *err);
enum status bi_tsne(const struct call *call, struct value *out, struct error *err);
enum status bi_pca(const struct call *call, struct value *out, struct error *err);
enum status bi_clusters(const struct call *call, struct value *out, struct error *err);
enum status bi_neighbors(const struct call *call, struct value *out, struct error *err);

#endif
