"""The benchmark: each section is a file, and its contenders take turns, round by round.

`stage.py` makes what is measured and `site_server.py` serves it, to `browsers.py`; `rounds.py` takes the turns.
What comes out is `results.py`, which `text.py` prints, `plots.py` draws and `docs.py` puts into the documentation.
"""
