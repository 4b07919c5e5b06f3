"""The processes behind `make run`: what each of them does, and how a parent keeps them alive."""
