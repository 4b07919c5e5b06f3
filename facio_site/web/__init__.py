"""What the pages of every app stand on: headers, errors, uploads, forms."""
