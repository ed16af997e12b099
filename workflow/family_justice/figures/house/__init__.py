"""What every figure shares: style and sheet, fonts, words on pointing, legends, parts of curves, frequencies."""
