"""The only place (beside the worker) that knows several stages: each file chains them for one purpose."""
