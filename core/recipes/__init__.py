"""Recipes that turn collections of files into folders that studies and training take."""
