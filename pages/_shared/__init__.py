"""What pages share.

Streamlit puts this folder first on the import path while a page runs, so no file here may carry the name of a
package or of a module of the standard library.
"""
