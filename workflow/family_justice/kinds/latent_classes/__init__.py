"""Latent classes."""
