"""Typed configuration: the models, their loader with messages that help, and the pages generated from them."""
