"""The kind ``latent_classes``."""
