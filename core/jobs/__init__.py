"""Long work in processes of their own: the queue, the runner, and what jobs can do."""
