"""MedSynAudit's library: audits synthetic medical images against the real images behind them.

Importing this package is cheap: torch, umap and scikit-learn load only when a call needs them.
"""

__version__ = "0.1.0"
