"""A small notebook with one of everything that cells show: a card, a table, a bar that ends, lines, a map, a panel, an error."""
import nbformat.v4 as v4

CELLS = [
    'ratings = synth(users=200, items=120, seed=7)\nratings',
    'train, valid, test = split(ratings, valid=0.1, test=0.2, seed=42)\n'
    'm = als(train, factors=8, epochs=param("epochs", 5), valid=valid)\nm',
    'slow = als(synth(users=1500, items=2500, density=0.06), factors=64, epochs=60, name="slow")',
    'scores = evaluate([bias(train), m], test, metrics=["rmse", "mae"])\nprint(f"RMSE {scores["rmse"][1]:.4f} after {m.epochs} epochs")\nscores',
    'plot(m.history, x="epoch", y=["train_rmse", "valid_rmse"], title="Training")',
    'tsne(m.items, color="genre", seed=1, iterations=250)',
    'scatter(items(ratings), x="ratings", y="mean", label="title", color="year", log_x=True)',
    'als?',
]
WRONG = 'als(train, factor=8)'
SHOWN = {"image/png": 3, "application/vnd.vegalite.v5+json": 2}  # outputs that carry them


def small_notebook(wrong=True):
    notebook = v4.new_notebook(metadata={"kernelspec": {"name": "reckon", "display_name": "Reckon", "language": "reckon"}})
    notebook.cells = [v4.new_markdown_cell("# A small notebook")] + [v4.new_code_cell(text) for text in CELLS]
    if wrong:
        notebook.cells.append(v4.new_code_cell(WRONG, metadata={"tags": ["raises-exception"]}))
    return notebook
