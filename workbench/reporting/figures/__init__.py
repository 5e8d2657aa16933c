"""Plotly figures: thinned points in, one figure out."""
