"""Survival analysis: curves and their tests, Cox and Fine-Gray models, accelerated failure times, histories."""
