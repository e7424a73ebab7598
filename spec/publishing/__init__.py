"""The specification as a text: terminal, Markdown, LaTeX, HTML, notebook.

`latex` prints formulas and `reader` reads them back, to show that a page says what was proved.
"""
