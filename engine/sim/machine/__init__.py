"""One machine and what all its mechanisms share: setup, masks, requests, floors, who acts when."""
