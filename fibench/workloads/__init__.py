"""The parent halves of the kinds: parameters, metrics, what is missing on this machine. One file per kind.

A workload names its child half (`fibench.operations.…`) as text and never imports it.
"""
