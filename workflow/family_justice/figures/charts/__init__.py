"""The charts, one module each: rows of an analysis in, a sheet, its alt text and its caption out."""
