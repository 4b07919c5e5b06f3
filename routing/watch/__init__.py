"""The site watches by itself: what is due is asked, what changed is told, how it went is kept."""
