/* All groups of builtins and all object types, and how C makes values of them.
 * A new group: its rows in a file of its own, a line here, a line in builtins.c. */
#ifndef RECKON_BUILTINS_H
#define RECKON_BUILTINS_H

#include "kernel/builtins/context.h"
#include "models/model.h"
#include "plots/plot.h"

extern const struct builtin_row builtins_core[];     /* print len range sum … */
extern const struct builtin_row builtins_session[];  /* who seed timeit reset help licenses … */
extern const struct builtin_row builtins_device[];   /* device use memory threads array */
extern const struct builtin_row builtins_tables[];   /* table */
extern const struct builtin_row builtins_data[];     /* load split describe … */
extern const struct builtin_row builtins_files[];    /* save open export */
extern const struct builtin_row builtins_models[];   /* fit predict recommend … (the models' own rows come from their classes) */
extern const struct builtin_row builtins_evaluate[]; /* evaluate cross_validate */
extern const struct builtin_row builtins_blend[];    /* blend */
extern const struct builtin_row builtins_sweep[];    /* sweep best */
extern const struct builtin_row builtins_runs[];     /* runs */
extern const struct builtin_row builtins_plots[];    /* plot hist scatter tsne … */

/* One row a model class: als(train, factors=64, …). models.c */
enum status builtins_add_models(struct registry *registry, struct error *err) MUST_CHECK;

extern const struct type type_array;      /* struct mat */
extern const struct type type_table;      /* struct table */
extern const struct type type_dataset;    /* struct dataset */
extern const struct type type_model;      /* struct model */
extern const struct type type_recipe;     /* struct recipe, recipe.h */
extern const struct type type_embeddings; /* struct embeddings */
extern const struct type type_plot;       /* struct plot */

/* Each takes the one count that it is given. */
static inline struct value value_array(struct mat *mat) { return value_object(&type_array, mat); }
static inline struct value value_table(struct table *table) { return value_object(&type_table, table); }
static inline struct value value_dataset(struct dataset *dataset) { return value_object(&type_dataset, dataset); }
static inline struct value value_model(struct model *model) { return value_object(&type_model, model); }
static inline struct value value_embeddings(struct embeddings *embeddings) { return value_object(&type_embeddings, embeddings); }
static inline struct value value_plot(struct plot *plot) { return value_object(&type_plot, plot); }

/* Titles of a catalogue, else its items' ids where they are text, for completion. obj_dataset.c */
void catalog_item_names(struct catalog *catalog, struct name_source *out);
/* An id as cells give it: an int, or a str (a whole number in a str stays text; catalogs match it). obj_dataset.c */
enum status value_id(struct value value, struct id *out_borrowed, struct error *err) MUST_CHECK;
/* Bundle of a table: html, text, Markdown, LaTeX. obj_table.c */
void table_render(const struct table *table, struct bundle *out);
/* A list of strs or one str as an array of borrowed C strings. core.c */
enum status value_texts(struct value value, const char ***out_owned_array, size_t *out_n, struct error *err) MUST_CHECK;

#endif
