"""Figures of a trained model: image sheets, plots and videos."""
