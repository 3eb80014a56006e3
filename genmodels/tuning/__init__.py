"""Tuning a run's config on a study of Optuna's: `space` says what is tried, `study` tries it, `results` shows it."""
