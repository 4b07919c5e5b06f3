"""What pages of every app stand on: headers, errors, drawing once, forms, uploads, admin rows."""
