"""Protocol, the run that ties features to metrics, and reports."""
